"""What Fastly states of usage: units by service, for no service is billed by itself, and by product and region."""

from __future__ import annotations

from collections.abc import Iterator

from billfold.model.money import ZERO
from billfold.model.usage import MeasuredUsage, UserType
from billfold.providers.fastly.api import GetServiceLevelUsage
from billfold.providers.fastly.mapping.lines import read_number, read_text
from billfold.providers.fastly.mapping.region_usage import iter_region_usage, parse_month
from billfold.providers.fastly.records import Serviceusagemetric, ServiceusagemetricsData
from billfold.providers.mapping import make_slug
from billfold.providers.pages import iter_pages
from billfold.providers.provider import RunAnswers
from billfold.wire.codec import get_or


def read_usages(run_answers: RunAnswers) -> Iterator[MeasuredUsage]:
    """Yield the usage of each service, by the kind of usage that was asked for (its name is that of the product billed for it).

    Of an account without an estimate in the currency of its invoices, that of each product and region comes too.
    """
    for page in iter_pages(run_answers, GetServiceLevelUsage):
        question = page.op
        if not isinstance(question, GetServiceLevelUsage) or question.start_month != question.end_month:
            continue
        usage_data = page.reply.data
        for data in usage_data if isinstance(usage_data, list) else [usage_data]:
            if isinstance(data, ServiceusagemetricsData):
                yield from _iter_services(data, question)
    yield from iter_region_usage(run_answers)


def _iter_services(data: ServiceusagemetricsData, question: GetServiceLevelUsage) -> Iterator[MeasuredUsage]:
    usage_type = question.usage_type_name or read_text(data.usage_type)
    month = parse_month(question.start_month)
    for service in get_or(data.details, []):
        quantity = read_number(service.usage_units)
        if month and usage_type and quantity is not None and quantity > ZERO and _name_service(service):
            service_id = read_text(service.service_id) or _name_service(service)
            yield MeasuredUsage(
                month.period,
                make_slug(usage_type),
                UserType.RESOURCE,
                service_id,
                _name_service(service),
                read_text(data.unit),
                quantity,
            )


def _name_service(service: Serviceusagemetric) -> str:
    return read_text(service.service_name) or read_text(service.service_id)
