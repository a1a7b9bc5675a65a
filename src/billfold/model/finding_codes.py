"""Every sort of finding that there is: one table, from which the reference page is made."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Self


class Severity(StrEnum):
    """What a finding asks of its reader: to act, to wait, or only to know."""

    WRONG = "wrong"
    OPEN = "open"
    NOTICE = "notice"


class Handling(NamedTuple):
    """How a code of findings is treated: its severity, and a ``label`` that lists of mixed findings write before the text ("": none)."""

    severity: Severity
    label: str = ""


PARKED, UNBOOKED = Handling(Severity.WRONG, "parked"), Handling(Severity.WRONG, "not booked")
DOUBT, WAITING, NOTICE = Handling(Severity.WRONG), Handling(Severity.OPEN), Handling(Severity.NOTICE)


class FindingCode(StrEnum):
    """Every sort of finding: its name for machines, how it is handled, what it means and what to do."""

    handling: Handling
    meaning: str
    advice: str

    def __new__(cls, code: str, handling: Handling, meaning: str, advice: str) -> Self:
        """Hold all that is said of a code beside its name."""
        member = str.__new__(cls, code)
        member._value_, member.handling, member.meaning, member.advice = code, handling, meaning, advice
        return member

    TOTAL_MISMATCH = (
        "total-mismatch",
        PARKED,
        "The charges of a bill do not sum to the total that the vendor states, by more than rounding can explain.",
        "Read its lines with `billfold explain`; sync again later, and ask the vendor about the difference if it stays.",
    )
    TOTAL_MISSING = (
        "total-missing",
        PARKED,
        "The vendor states no total for a bill, or one that is no amount: its lines cannot be proven.",
        "Sync again later; ask the vendor if the total stays missing.",
    )
    TOTAL_REPEATED = (
        "total-repeated",
        PARKED,
        "A bill states more than one total in one currency: which of them holds cannot be told.",
        "Read them with `billfold explain`, and ask the vendor which of them holds.",
    )
    AMOUNT_MISSING = (
        "amount-missing",
        PARKED,
        "A line of a bill has no amount.",
        "Read the line with `billfold explain`, and ask the vendor for its amount.",
    )
    AMOUNT_MISMATCH = (
        "amount-mismatch",
        PARKED,
        "The amount of a line is not its quantity times its rate, by more than rounding can explain.",
        "Read the line with `billfold explain`, and ask the vendor which of them holds.",
    )
    VALUE_UNUSABLE = (
        "value-unusable",
        PARKED,
        "A value of a bill cannot be kept exactly: it is too long, too large, or no number.",
        "Read it with `billfold explain`, and report it to the vendor.",
    )
    DATE_UNREADABLE = (
        "date-unreadable",
        PARKED,
        "A date of a bill is missing or no date: its billing period is not known.",
        "Read it with `billfold explain`, and report it to the vendor.",
    )
    ID_MISSING = (
        "id-missing",
        PARKED,
        "An issued bill has no invoice id.",
        "Sync again later; ask the vendor if the id stays missing.",
    )
    CURRENCY_UNKNOWN = (
        "currency-unknown",
        PARKED,
        "A bill names no currency, or one that billfold does not know.",
        "Compare the bill with the vendor's own page, and report the currency.",
    )
    STATUS_UNKNOWN = (
        "status-unknown",
        PARKED,
        "A bill has a status that the vendor does not document: whether it is final is not known.",
        "Compare the bill with the vendor's own page, and report the status.",
    )
    LINES_INCOMPLETE = (
        "lines-incomplete",
        PARKED,
        "A bill has not all the lines that the vendor counts, or its list of lines did not come to its end.",
        "Sync again; ask the vendor if lines stay missing.",
    )
    LINE_REPEATED = (
        "line-repeated",
        PARKED,
        "A bill lists one line twice.",
        "Sync again: a list that changed while it was read may repeat a line. Ask the vendor if it stays.",
    )
    SIGN_UNCLEAR = (
        "sign-unclear",
        PARKED,
        "Whether a line of a bill is a credit or a charge cannot be told: its sign contradicts its kind.",
        "Compare the line with the vendor's document.",
    )
    INVOICE_UNREAD = (
        "invoice-unread",
        PARKED,
        "The lines of an invoice are here, but not the invoice itself.",
        "Sync again; after an import, import the list of invoices together with the lines.",
    )
    BILL_UNREADABLE = (
        "bill-unreadable",
        PARKED,
        "A bill, or the list of its lines, cannot be read.",
        "Read the answer with `billfold explain`; sync again later, and report it if it stays so.",
    )
    ROUNDED = (
        "rounded",
        NOTICE,
        "A bill adds up by a rounding charge of ours: the vendor's total is not exactly the sum of its lines.",
        "Nothing: its lines can round by that much, and its row is flagged `x_Synthetic`.",
    )
    BILL_UNBOOKABLE = (
        "bill-unbookable",
        UNBOOKED,
        "A bill was collected and cannot be booked at all.",
        "Read the reason; `billfold explain` shows the archived answer. Sync again later, and report it if it stays so.",
    )
    BILL_REPEATED = (
        "bill-repeated",
        UNBOOKED,
        "One collection has the same bill twice, and not alike.",
        "Sync again; ask the vendor which of the two is right if it stays.",
    )
    STATE_REVERSED = (
        "state-reversed",
        UNBOOKED,
        "A bill that was issued is told as a draft or an estimate again; what was booked stays.",
        "Ask the vendor whether the invoice was withdrawn.",
    )
    CLOCKS_APART = (
        "clocks-apart",
        DOUBT,
        "A vendor's answer states a time that is more than a day from this machine's: one of the two clocks is wrong.",
        "Check this machine's clock, and a proxy that may answer in the vendor's place; ours is used to tell which month runs.",
    )
    FILE_OLDER = (
        "file-older",
        NOTICE,
        "An imported file has an estimate or a draft that is not booked: what is booked is newer, as far as can be told.",
        "Nothing; `billfold sync` brings the newest one.",
    )
    SOURCES_DISAGREE = (
        "sources-disagree",
        UNBOOKED,
        "A source that says less of a bill states another total than the one that is booked; what was booked stays.",
        "Compare both with the vendor's document.",
    )
    ANSWER_UNREADABLE = (
        "answer-unreadable",
        UNBOOKED,
        "An answer of a collection cannot be read: what it bills is not booked.",
        "Sync again; report it if it stays so.",
    )
    ARCHIVE_DAMAGED = (
        "archive-damaged",
        UNBOOKED,
        "Something in the archive is not as it was written.",
        "Run `billfold verify`, bring the archive back from a backup, then run `billfold rebuild`.",
    )
    LEDGER_DAMAGED = (
        "ledger-damaged",
        DOUBT,
        "A file of the ledger is not as it was written.",
        "Run `billfold rebuild`: all of the ledger is computed anew from the archive.",
    )
    COUNT_MISMATCH = (
        "count-mismatch",
        DOUBT,
        "A list holds another number of entries than the vendor counts.",
        "Sync again; ask the vendor if it stays.",
    )
    PERIODS_OVERLAP = (
        "periods-overlap",
        DOUBT,
        "Two bills of one customer or contract have periods that overlap in part: some time may be billed twice.",
        "Compare both bills with `billfold invoices`, and ask the vendor which days each of them bills.",
    )
    DUPLICATE_SUSPECTED = (
        "duplicate-suspected",
        DOUBT,
        "Two invoices of a customer have the same period and total, nearly the same lines, or one id in two spellings.",
        "Ask the vendor whether one of them is billed twice.",
    )
    HISTORY_MISMATCH = (
        "history-mismatch",
        DOUBT,
        "The vendor's billing history and its list of invoices contradict each other.",
        "Compare both with the vendor's own page, and ask the vendor.",
    )
    BALANCE_MISMATCH = (
        "balance-mismatch",
        DOUBT,
        "A balance is not what the one before it, and what was billed, paid or bought since, come to.",
        "Compare the balance with the vendor's own page (`billfold payables --roll-forward` shows its months), and ask the vendor.",
    )
    SUM_MISMATCH = (
        "sum-mismatch",
        DOUBT,
        "A sum that the vendor states contradicts the vendor's own description of it.",
        "Compare it with the invoice's document, and ask the vendor.",
    )
    WALLET_MISMATCH = (
        "wallet-mismatch",
        DOUBT,
        "The overage of a prepaid wallet and the invoice of its period contradict each other.",
        "Compare both with the vendor's document, and ask the vendor.",
    )
    PAYMENT_OVERDUE = (
        "payment-overdue",
        Handling(Severity.WRONG, "overdue"),
        "An invoice was due and is not paid, as far as the vendor or the bank tells.",
        "Pay it, or find its payment with `billfold payables`; acknowledge the finding where the payment is under way.",
    )
    PAYMENT_DOUBLED = (
        "payment-doubled",
        Handling(Severity.WRONG, "paid twice"),
        "An invoice was paid more than once.",
        "Ask the vendor to pay it back or to set it off; acknowledge the finding until then.",
    )
    PAYMENT_UNBILLED = (
        "payment-unbilled",
        Handling(Severity.WRONG, "paid and not billed"),
        "A payment to a vendor fits no invoice, or is greater than its invoice.",
        "Look for its invoice; acknowledge the finding where it was paid beforehand on purpose.",
    )
    DOCUMENT_UNREADABLE = (
        "document-unreadable",
        DOUBT,
        "The document of an invoice is none: it is cut short, or something else.",
        "Sync again: the document is asked for again.",
    )
    DOCUMENT_MISMATCH = (
        "document-mismatch",
        DOUBT,
        "The document of an invoice does not say the total that the vendor's API states.",
        "Write the documents with `billfold documents`, compare, and ask the vendor.",
    )
    DOCUMENT_MISSING = (
        "document-missing",
        DOUBT,
        "An invoice has no document in the archive, though earlier ones of its account have theirs.",
        "Sync again: the document is asked for again; or bring it in by hand.",
    )
    TAX_MISSING = (
        "tax-missing",
        DOUBT,
        "What is billed under one order was taxed in each of the months before, and is not in this one.",
        "Compare the invoice with the one before, and ask the vendor whether the tax was forgotten.",
    )
    AMOUNT_JUMP = (
        "amount-jump",
        DOUBT,
        "The invoices of a month come to far more, or far less, than those of the months before.",
        "Look for what moved; accept it where the reason is known.",
    )
    ESTIMATE_MISSING = (
        "estimate-missing",
        DOUBT,
        "A contract has no billing periods, so that its running costs cannot be asked for.",
        "Ask the vendor for the contract's billing periods.",
    )
    ANSWER_REFUSED = (
        "answer-refused",
        Handling(Severity.WRONG, "missing"),
        "The vendor refused to answer a question; the rest was collected.",
        "Run `billfold doctor`: it names the right that the key lacks.",
    )
    EXTRA_UNANSWERED = (
        "extra-unanswered",
        Handling(Severity.NOTICE, "not told"),
        "The vendor does not answer a question that no bill needs; all bills were collected.",
        "Nothing, or give the key the right to it: `billfold doctor` names the right.",
    )
    ACCOUNT_FAILED = (
        "account-failed",
        DOUBT,
        "A collection of an account ended before its end: the vendor, the key or this machine stopped it.",
        "Read the reason, mend it, and sync again: `billfold doctor` tests the account.",
    )
    INVOICE_VANISHED = (
        "invoice-vanished",
        DOUBT,
        "An invoice that is booked is not in the vendor's list any more.",
        "Ask the vendor whether the invoice was withdrawn; it stays booked until then.",
    )
    INVOICE_UNBOOKED = (
        "invoice-unbooked",
        DOUBT,
        "The vendor lists an invoice of which no bill is booked.",
        "Sync again; look for what else is found of the account.",
    )
    INVOICE_OLDER = (
        "invoice-older",
        NOTICE,
        "The vendor lists invoices that are older than what was collected.",
        "Run `billfold sync --from MONTH` to collect them, if you need them.",
    )
    BILL_POSTED_LATE = (
        "bill-posted-late",
        Handling(Severity.NOTICE, "posted late"),
        "A credit memo or an invoice came into a month that was invoiced long before: the month's sum changed.",
        "Book it on the day that it was issued, if the month is closed in your books.",
    )
    INVOICE_RESTATED = (
        "invoice-restated",
        Handling(Severity.NOTICE, "restated"),
        "An invoice is told otherwise than when it was first issued.",
        "Read what changed with `billfold restatements`; both versions are kept.",
    )
    MONTH_CHANGED = (
        "month-changed",
        DOUBT,
        "A bill of a month that was closed, or had ended, appeared, changed, vanished, was parked or is disputed since.",
        "Book the difference, then accept it with `billfold acknowledge`; `billfold explain` shows the bill.",
    )
    INVOICE_DISPUTED = (
        "invoice-disputed",
        Handling(Severity.WRONG, "disputed"),
        "A later version of a bill does not add up: the earlier one, which does, stays counted.",
        "Read both with `billfold explain`; sync again later, and ask the vendor which of them holds.",
    )
    BILL_PARKED = (
        "bill-parked",
        DOUBT,
        "A bill does not add up and is not counted: its amount is missing from its month.",
        "Read it with `billfold explain`, then sync again; accepted by this id, all that is wrong with it is.",
    )
    INVOICE_LATE = (
        "invoice-late",
        DOUBT,
        "An invoice that is due is not there, by when the account's earlier ones came, or only an estimate is.",
        "Sync again; ask the vendor for the invoice, or acknowledge the finding where none will come.",
    )
    MONTH_EMPTY = (
        "month-empty",
        DOUBT,
        "An account has bills before and after a month, and none of it.",
        "Sync with `--from` that month; nothing is wrong if the account was not charged.",
    )
    MONTH_OPEN = (
        "month-open",
        WAITING,
        "A month has only an estimate or a draft: its amounts may still change.",
        "Wait for the invoice, and sync again.",
    )
    NO_END_MARK = (
        "no-end-mark",
        WAITING,
        "A list of invoices had no end mark: it may not be all.",
        "Sync again.",
    )
    SUM_CHANGED = (
        "sum-changed",
        DOUBT,
        "The charges of a booked bill, added up anew, are not its total.",
        "Run `billfold verify`, then `billfold rebuild`; report it.",
    )
    NOTHING_CHECKED = (
        "nothing-checked",
        DOUBT,
        "There is no bill in what was to be checked, which proves nothing.",
        "Look whether the months and accounts are those that you mean, then sync.",
    )
    RUN_INCOMPLETE = (
        "run-incomplete",
        DOUBT,
        "The last collection of an account did not bring everything.",
        "Read the reason, mend it, and sync again.",
    )
    RUN_EARLY = (
        "run-early",
        WAITING,
        "An account was last collected before a month ended that is to be closed.",
        "Run `billfold sync`.",
    )
    RUN_UNFINISHED = (
        "run-unfinished",
        DOUBT,
        "A collection or an import did not come to its end.",
        "Run `billfold sync`, or import the files again.",
    )
    RUN_ACTIVE = (
        "run-active",
        WAITING,
        "A collection is being made, or booked, by another process.",
        "Ask again in a moment.",
    )
    RUN_REFUSED = (
        "run-refused",
        DOUBT,
        "A collection is kept but not booked: it is of another customer than its account.",
        "Give each customer one account name in the configuration, then sync.",
    )
    NEVER_COLLECTED = (
        "never-collected",
        DOUBT,
        "An account is configured and was never collected.",
        "Run `billfold sync`.",
    )
    PROVIDER_MISSING = (
        "provider-missing",
        DOUBT,
        "What was collected is kept but not booked: its provider is not installed.",
        "Install the provider, or update billfold.",
    )
    BUDGET_EXCEEDED = (
        "budget-exceeded",
        DOUBT,
        "What is billed of a month is more than its budget in the configuration.",
        "Run `billfold why MONTH` for what moved, or change the budget.",
    )
    BUDGET_AT_RISK = (
        "budget-at-risk",
        DOUBT,
        "A month is expected to end above its budget, by the forecast.",
        "Look at `billfold forecast`, and at what can still be stopped; or change the budget.",
    )
    BUDGET_UNUSED = (
        "budget-unused",
        DOUBT,
        "Nothing that fits a budget is billed or expected.",
        "Compare its vendor, account, service, team and tag with `billfold report --by service`: one may be spelled otherwise.",
    )
    COST_ANOMALY = (
        "cost-anomaly",
        DOUBT,
        "A service of an account cost far more, or far less, than in the months before.",
        "Run `billfold why MONTH` for what moved, or set other thresholds.",
    )


CODES_BY_NAME = {str(code.value): code for code in FindingCode}
"""The codes by what they are called outside."""
