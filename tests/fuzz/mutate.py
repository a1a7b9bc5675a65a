"""Answers that are changed where it hurts, all by one seed: fields, records, lists, keys, bytes, whole answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any, NamedTuple

from billfold.wire.message import Response
from tests.fuzz import values
from tests.fuzz.vendors import RequestKey
from tests.laws.isolation_kit import Raw, write_json


class RepeatedKey(str):  # noqa: SLOT000
    """A key that may stand in an object beside an equal one."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class Field(NamedTuple):
    """Where a value stands: in which object or list, and under which name or number; ``name`` is that of its field."""

    container: Any
    step: Any
    name: str

    @property
    def value(self) -> Any:
        """What stands there now."""
        return self.container[self.step]

    def put(self, value: Any) -> None:
        """Let a copy of something stand there: no tree holds itself, and none is changed with another."""
        self.container[self.step] = deepcopy(value)


def list_fields(tree: Any) -> list[Field]:
    """Return all fields of a tree."""
    fields, pending = list[Field](), [(tree, "")]
    while pending:
        node, name = pending.pop()
        steps = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        for step in steps:
            field = Field(node, step, str(step) if isinstance(node, dict) else name)
            fields.append(field)
            if isinstance(field.value, dict | list):
                pending.append((field.value, field.name))
    return fields


def _change_field(dice: Random, fields: Sequence[Field]) -> None:
    """Change a field: money half of the time, then ids, times, currencies, ends of lists."""
    scalars = [field for field in fields if not isinstance(field.value, dict | list)]
    pattern = dice.choice(
        (values.MONEY, values.MONEY, values.MONEY, values.IDS, values.TIMES, values.CURRENCIES, values.MARKS, None)
    )
    matches = [field for field in scalars if pattern is None or pattern.search(field.name)]
    if field := _choose(dice, matches or scalars or fields):
        field.put(values.change_value(dice, field.name, field.value))


def _choose(dice: Random, fields: Sequence[Field]) -> Field | None:
    return dice.choice(fields) if fields else None


def _change_list(dice: Random, fields: Sequence[Field]) -> None:
    """Drop, double, swap or move items, mostly of the longest lists: lines, invoices, pages."""
    lists = sorted(
        (field.value for field in fields if isinstance(field.value, list) and field.value), key=len, reverse=True
    )
    if not lists:
        return _change_field(dice, fields)
    items = dice.choice(lists[:3]) if dice.random() < 0.7 else dice.choice(lists)
    dice.choice(LIST_CHANGES)(dice, items, dice.choice(lists))
    return None


def _drop_item(dice: Random, items: list[Any], _: list[Any]) -> None:
    del items[dice.randrange(len(items))]


def _double_item(dice: Random, items: list[Any], _: list[Any]) -> None:
    items.insert(dice.randrange(len(items)), deepcopy(dice.choice(items)))


def _swap_items(dice: Random, items: list[Any], _: list[Any]) -> None:
    index, other = dice.randrange(len(items)), dice.randrange(len(items))
    items[index], items[other] = items[other], items[index]


def _shuffle_items(dice: Random, items: list[Any], _: list[Any]) -> None:
    dice.shuffle(items)


def _copy_item(dice: Random, items: list[Any], _: list[Any]) -> None:
    items[dice.randrange(len(items))] = deepcopy(dice.choice(items))


def _move_item(dice: Random, items: list[Any], other_items: list[Any]) -> None:
    other_items.append(deepcopy(items.pop(dice.randrange(len(items)))))


def _cut_list(dice: Random, items: list[Any], _: list[Any]) -> None:
    del items[dice.randint(0, len(items)) :]


def _spoil_item(dice: Random, items: list[Any], _: list[Any]) -> None:
    index = dice.randrange(len(items))
    items[index] = deepcopy(dice.choice((*values.HOSTILE_VALUES, [items[index]])))


LIST_CHANGES = (
    *(_drop_item, _drop_item, _double_item, _double_item),
    *(_swap_items, _shuffle_items, _copy_item, _move_item, _cut_list, _spoil_item),
)


def _change_keys(dice: Random, fields: Sequence[Field]) -> None:
    """Drop, rename or repeat a key."""
    field = _choose(dice, [field for field in fields if isinstance(field.container, dict)])
    if field is None:
        return
    match dice.choice(("drop", "drop", "rename", "repeat")):
        case "drop":
            del field.container[field.step]
        case "rename":
            value = field.container.pop(field.step)
            field.container[
                dice.choice((field.name.upper(), field.name.title(), f"{field.name}s", field.name.replace("_", "")))
            ] = value
        case "repeat":
            field.container[RepeatedKey(field.name)] = deepcopy(values.change_value(dice, field.name, field.value))


def _exchange_fields(dice: Random, fields: Sequence[Field]) -> None:
    """Let two fields of one name exchange what they hold, or one take that of another."""
    if (field := _choose(dice, [field for field in fields if isinstance(field.container, dict)])) is None:
        return
    other = _choose(dice, [other for other in fields if other.name == field.name]) or field
    value, other_value = field.value, other.value
    field.put(other_value)
    if dice.random() < 0.6:
        other.put(value)


TREE_CHANGES: tuple[Callable[[Random, Sequence[Field]], None], ...] = (
    *(_change_field,) * 9,
    *(_change_list,) * 7,
    *(_change_keys,) * 3,
    *(_exchange_fields,) * 3,
)


def change_tree(dice: Random, body: bytes, count: int) -> bytes:
    """Change some things in JSON; what is none is changed as bytes."""
    try:
        tree = {"": json.loads(body, parse_float=Raw, parse_int=Raw)}
    except ValueError:
        return change_bytes(dice, body)
    for _ in range(count):
        dice.choice(TREE_CHANGES)(dice, list_fields(tree))
    try:
        return write_json(tree.get("")).encode("utf-8", "surrogatepass")
    except RecursionError:
        return body


def change_bytes(dice: Random, body: bytes) -> bytes:
    """Cut, lengthen or spoil a body."""
    position = dice.randint(0, len(body))
    return dice.choice(
        (
            *(
                body[:position],
                body[position:],
                body + body,
                body + b"}",
                body + b"\x00",
                b"\xef\xbb\xbf" + body,
                b"",
                b"[]",
            ),
            *(body[:position] + b"\xff" + body[position:], b"<html>no</html>", b"null", body.replace(b":", b"=", 3)),
            *(
                body.decode("utf-8", "replace").encode("utf-16"),
                body[:position] + body[position + 1 :],
                b" \r\n" + body,
            ),
            *(body.replace(b",", b";"), body.replace(b"\n", b"\r"), body.replace(b".", b",", dice.randint(1, 9))),
        )
    )


def change_csv(dice: Random, body: bytes, count: int) -> bytes:
    """Drop, double or exchange lines and cells of a CSV."""
    rows = [line.split(b",") for line in body.splitlines()]
    for _ in range(count):
        row = dice.choice(rows)
        match dice.choice(("drop", "double", "cell", "cell", "swap")):
            case "drop" if len(rows) > 1:
                rows.remove(row)
            case "double":
                rows.insert(dice.randrange(len(rows) + 1), row)
            case "swap":
                dice.shuffle(rows)
            case _:
                index = dice.randrange(len(row))
                row[index] = str(values.change_number(dice, row[index].decode("utf-8", "replace"))).encode()
    return b"\r\n".join(b",".join(row) for row in rows)


class Mutation:
    """What a run's answers become: each by the seed and what was asked alone, whatever came before it."""

    def __init__(self, seed: str, responses: dict[RequestKey, Response]) -> None:
        dice = Random(f"{seed}/all")
        self._seed, self._responses = seed, responses
        self._chance, self._count = dice.choice((0.2, 0.4, 0.7, 1.0)), dice.choice((1, 1, 1, 2, 3, 6))
        self._answers: dict[RequestKey, Response] = {}
        self.changed_keys = set[RequestKey]()

    def change_response(self, key: RequestKey, response: Response) -> Response:
        """Return the answer to a question, changed or not; the same each time it is asked."""
        if key not in self._answers:
            dice = Random(f"{self._seed}/{key}")
            is_login = key[0] == "POST"
            is_changed = response.status == 200 and dice.random() < (0.02 if is_login else self._chance)
            self._answers[key] = self._change(dice, response) if is_changed else response
            if self._answers[key] != response:
                self.changed_keys.add(key)
        return self._answers[key]

    def _change(self, dice: Random, response: Response) -> Response:
        roll = dice.random()
        if roll < 0.03:
            return dice.choice([other for _, other in sorted(self._responses.items(), key=repr)])
        if roll < 0.05:
            return response._replace(status=dice.choice((202, 204, 301, 400, 401, 403, 404, 422, 429, 500, 503)))
        if roll < 0.07:
            name, value = dice.choice(
                (
                    ("content-type", "text/html"),
                    ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
                    ("content-type", ""),
                    ("date", "x"),
                )
            )
            return response._replace(headers={**response.headers, name: value})
        if roll < 0.11:
            return response._replace(body=change_bytes(dice, response.body))
        change = change_csv if response.media_type == "text/csv" else change_tree
        return response._replace(body=change(dice, response.body, dice.randint(1, self._count)))
