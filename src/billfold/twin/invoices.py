"""Faults of which invoices there are: late, missing, doubled, issued again, respelled, taken back, short of a line.

Each is about the newest invoice of whoever asks, and the same in every answer that tells of it, until it is cleared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

from billfold.model.bill import Bill, State
from billfold.model.period import Month
from billfold.providers.twin_api import ApiFault, FieldMap
from billfold.twin.damage import adjust_count, change_amount, get_value, list_items, set_value
from billfold.twin.effects import FaultContext
from billfold.twin.respelling import update_tree
from billfold.wire.message import Response

Revision = Callable[[Any, FieldMap], None]
"""Changes an invoice, or the page of its lines, in place."""
LASTING = 10**9
"""How often such a fault strikes if nobody says how often: until it is cleared."""
DIFFERENCE = Decimal(10)


@dataclass(frozen=True)
class InvoiceFault:
    """Something about the newest invoice; it can act where the vendor's twin names all of these fields of ``FieldMap``."""

    change: Callable[[FaultContext, list[Bill]], Response]
    fields: tuple[str, ...] = ("invoice",)

    def __call__(self, context: FaultContext) -> Response:
        """Return the answer, changed where it tells of the newest invoice."""
        bills = [bill for bill in context.list_bills() if bill.state is State.ISSUED and bill.invoice_id]
        if context.month:
            bills = [bill for bill in bills if Month.of(bill.period.start) == context.month]
        bills.sort(key=lambda bill: (bill.period.end, bill.invoice_id or ""))
        return self.change(context, bills) if bills else context.answer_request()


def hide_late_month(context: FaultContext, bills: list[Bill]) -> Response:
    """Hide the invoices of the newest period until it is over for ``days``."""
    period_end = bills[-1].period.end
    is_late = context.now < period_end + timedelta(days=context.days)
    return _hide_invoices(
        context, {str(bill.invoice_id) for bill in bills if is_late and bill.period.end == period_end}
    )


def hide_newest(context: FaultContext, bills: list[Bill]) -> Response:
    """Hide the newest invoice for good."""
    return _hide_invoices(context, {str(bills[-1].invoice_id)})


def _hide_invoices(context: FaultContext, hidden_ids: set[str]) -> Response:
    response, refusal = context.answer_request(), list[Response]()

    def remove_items(tree: Any, field_map: FieldMap) -> None:
        is_single = bool(field_map.invoice) and not field_map.items
        answer_ids = {str(get_value(tree, field_map.invoice))} if is_single else set(_list_path_ids(context))
        if answer_ids & hidden_ids and (is_single or field_map.lines):
            refusal.append(context.refuse_request(ApiFault.NOT_FOUND))
        items = list_items(tree, field_map) if field_map.invoice else []
        visible_items = [item for item in items if str(get_value(item, field_map.invoice)) not in hidden_ids]
        adjust_count(tree, field_map, len(visible_items) - len(items))
        items[:] = visible_items

    changed_response = context.change_response(response, remove_items)
    return refusal[0] if refusal else changed_response


def copy_newest(respell: Callable[[str], str], revise: Revision) -> Callable[[FaultContext, list[Bill]], Response]:
    """List the newest invoice once more under another id, revised, and answer for that id too."""

    def answer_with_copy(context: FaultContext, bills: list[Bill]) -> Response:
        invoice_id = str(bills[-1].invoice_id)
        copy_id = respell(invoice_id)

        def make_copy(tree: Any, field_map: FieldMap) -> None:
            update_tree(tree, lambda value: _rename_value(value, invoice_id, copy_id))
            revise(tree, field_map)

        def insert_copy(tree: Any, field_map: FieldMap) -> None:
            items = list_items(tree, field_map) if field_map.invoice else []
            index = next(
                (i for i, item in enumerate(items) if str(get_value(item, field_map.invoice)) == invoice_id), None
            )
            if index is not None:
                items.insert(index, deepcopy(items[index]))
                make_copy(items[index], field_map)
                adjust_count(tree, field_map, 1)

        segments = _list_path_ids(context)
        if copy_id not in segments:
            return context.change_answer(insert_copy)
        path = "/".join(quote(invoice_id if segment == copy_id else segment, safe="") for segment in segments)
        return context.change_response(context.answer_other(context.request._replace(path=path)), make_copy)

    return answer_with_copy


def revise_newest(revise: Revision) -> Callable[[FaultContext, list[Bill]], Response]:
    """Revise the newest invoice in every answer that tells of it."""

    def answer_revised(context: FaultContext, bills: list[Bill]) -> Response:
        invoice_id = str(bills[-1].invoice_id)

        def revise_items(tree: Any, field_map: FieldMap) -> None:
            for item in list_items(tree, field_map) if field_map.invoice else ():
                if str(get_value(item, field_map.invoice)) == invoice_id:
                    revise(item, field_map)

        return context.change_answer(revise if invoice_id in _list_path_ids(context) else revise_items)

    return answer_revised


def _list_path_ids(context: FaultContext) -> list[str]:
    return [unquote(segment) for segment in context.request.path.split("/")]


def _rename_value(value: Any, invoice_id: str, copy_id: str) -> Any:
    """Write another id wherever an invoice's own stands: in a text, or as a number."""
    if isinstance(value, str):
        return value.replace(invoice_id, copy_id)
    is_id = isinstance(value, int) and not isinstance(value, bool) and str(value) == invoice_id
    return (int(copy_id) if copy_id.isdigit() else copy_id) if is_id else value


def renumber(invoice_id: str) -> str:
    """Return another id of the same form: its first digit is another one, and never 0."""
    return re.sub(r"\d", lambda match: str((int(match[0]) + 4) % 9 + 1), invoice_id, count=1)


def respell_id(invoice_id: str) -> str:
    """Return the same id as careless software writes it: letters in the other case, else a space behind."""
    return invoice_id.swapcase() if invoice_id.swapcase() != invoice_id else f"{invoice_id} "


def keep_invoice(_tree: Any, _field_map: FieldMap) -> None:
    """Leave an invoice as it is."""


def shift_total_and_line(tree: Any, field_map: FieldMap) -> None:
    """Make the total and one line greater by the same amount, so that the invoice still adds up."""
    if field_map.invoice:
        change_amount(tree, field_map.money, lambda amount: amount + DIFFERENCE)
    for line in _list_lines(tree, field_map)[:1]:
        change_amount(line, field_map.line_money, lambda amount: amount + DIFFERENCE)
        change_amount(tree, field_map.lines_total, lambda amount: amount + DIFFERENCE)


def drop_line(tree: Any, field_map: FieldMap) -> None:
    """Leave the last line that costs something out, and count as if it had never been."""
    lines = _list_lines(tree, field_map)
    indexes = [index for index, line in enumerate(lines) if get_value(line, field_map.line_money)]
    if indexes:
        lines.pop(indexes[-1])
        if field_map.lines == field_map.items:
            adjust_count(tree, field_map, -1)


def take_back(tree: Any, field_map: FieldMap) -> None:
    """Make a credit memo of an invoice: all its money is negative."""
    if field_map.invoice:
        change_amount(tree, field_map.money, lambda amount: -amount)
        set_value(tree, field_map.kind, field_map.memo)
    for line in _list_lines(tree, field_map):
        change_amount(line, field_map.line_money, lambda amount: -amount)


def _list_lines(tree: Any, field_map: FieldMap) -> list[Any]:
    lines = get_value(tree, field_map.lines) if field_map.lines else None
    return lines if isinstance(lines, list) else []
