"""Exact amounts: decimals that are added, multiplied and written without losing a digit, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import (
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    localcontext,
)
from fractions import Fraction

EXACT_CONTEXT = Context(prec=400, rounding=ROUND_HALF_EVEN, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""Arithmetic that raises ``decimal.Inexact`` rather than lose a digit."""

ZERO = Decimal(0)

_ISO_4217 = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF
GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD
LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP
TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF
XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG
"""
NATIONAL_CURRENCIES = frozenset(_ISO_4217.split())
"""The codes of ISO 4217: any other currency is a virtual one."""
NO_MONEY_CODES = frozenset(["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"])
"""Codes of ISO 4217 that no bill can be in: metals, units of account, the test code and "no currency"."""
NO_CURRENCY = "XXX"
CURRENCY_PATTERN = re.compile(r"[A-Z][A-Z0-9_]{1,31}")
"""A code of ISO 4217, or of a vendor's credits: any other spelling would be a currency of its own."""
_CODES_BY_MINOR_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_DIGITS = {code: digits for digits, codes in _CODES_BY_MINOR_DIGITS.items() for code in codes.split()}
"""The currencies whose subunit is not a hundredth, as ISO 4217 lists them."""


def find_minor_digits(currency: str) -> int:
    """Return how many decimals a currency's subunit has: 2 for cents, 0 for yen."""
    return _MINOR_DIGITS.get(currency, 2)


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts without losing a digit; zero for none."""
    with localcontext(EXACT_CONTEXT):
        return sum(amounts, ZERO)


def exact_product(price: Decimal, quantity: Decimal) -> Decimal:
    """Multiply without losing a digit."""
    return EXACT_CONTEXT.multiply(price, quantity)


def spread_amount(amount: Decimal, weights: Sequence[Decimal], digits: int | None = None) -> list[Decimal]:
    """Split an amount by weights into parts that sum to it exactly, by the largest remainder.

    Parts have ``digits`` decimals, by default as many as the amount (cents at least); what does not divide goes unit by unit to the
    largest remainders, the first one of equal ones. Raises ``ArithmeticError`` where no weight is above 0, one is below it, or the
    amount has more digits.
    """
    total_weight = exact_sum(weights)
    if total_weight <= 0 or min(weights) < 0:
        raise ArithmeticError("weights must be 0 or more, and one above 0")
    if digits is None:
        exponent = amount.as_tuple().exponent
        digits = max(-exponent if isinstance(exponent, int) else 0, 2)
    units = int(EXACT_CONTEXT.scaleb(amount, digits))
    if EXACT_CONTEXT.scaleb(Decimal(units), -digits) != amount:
        raise ArithmeticError(f"{amount} has more than {digits} decimals")
    fractions = [Fraction(weight) / Fraction(total_weight) * abs(units) for weight in weights]
    parts = [int(fraction) for fraction in fractions]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - fractions[index], index))
    for index in by_remainder[: abs(units) - sum(parts)]:
        parts[index] += 1
    return [EXACT_CONTEXT.scaleb(Decimal(part if units >= 0 else -part), -digits) for part in parts]


def round_to_sum(amounts: Sequence[Decimal], digits: int) -> list[Decimal]:
    """Round amounts to ``digits`` decimals so that they sum to their rounded sum (half to even), by the largest remainder.

    Each is rounded down or up, never further.
    """
    units = [EXACT_CONTEXT.scaleb(amount, digits) for amount in amounts]
    parts = [int(unit.to_integral_value(ROUND_FLOOR)) for unit in units]
    missing = int(exact_sum(units).to_integral_value(ROUND_HALF_EVEN)) - sum(parts)
    by_remainder = sorted(
        range(len(parts)), key=lambda index: (EXACT_CONTEXT.subtract(Decimal(parts[index]), units[index]), index)
    )
    for index in by_remainder[:missing]:
        parts[index] += 1
    return [EXACT_CONTEXT.scaleb(Decimal(part), -digits) for part in parts]


def round_fraction(amount: Fraction, digits: int) -> Decimal:
    """Return the decimal of so many digits that is nearest to a fraction; a half goes to the even one."""
    return EXACT_CONTEXT.scaleb(Decimal(round(amount * 10**digits)), -digits)


def require_finite(amount: Decimal) -> Decimal:
    """Return an amount; raises ``ArithmeticError`` for one that is no number, which a vendor's JSON may hold as text."""
    if not amount.is_finite():
        raise ArithmeticError(f"an amount is no number: {amount}")
    return amount


def describe_arithmetic_error(error: BaseException) -> str:
    """Say in words that amounts could not be reckoned with, or "" of another error; ``decimal`` names its signals only."""
    is_nan_error = isinstance(error, (TypeError, ValueError)) and "NaN" in str(error)
    if not is_nan_error and not isinstance(error, ArithmeticError):
        return ""
    is_own_error = type(error) is ArithmeticError
    return str(error) if is_own_error else "an amount is no number, or out of all bounds"


def format_decimal(amount: Decimal) -> str:
    """Write an amount with all its digits and no exponent: the form of every output."""
    return format(amount, "f")


def format_amount(amount: Decimal | str | None) -> str:
    """Write an amount for people: all its digits, cents at least; "" for none."""
    if amount is None:
        return ""
    units, _, fraction = format_trimmed(Decimal(amount)).partition(".")
    return f"{units}.{fraction:0<2}"


def format_trimmed(amount: Decimal) -> str:
    """Write an amount without an exponent and without zeros that say nothing: for people."""
    return format(amount.normalize(EXACT_CONTEXT), "f") if amount else "0"
