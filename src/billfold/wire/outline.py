"""What a client's method says of itself: its name, its words, its parameters, and what is wrong with an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from inspect import Parameter, Signature, signature
from typing import Any, Literal, cast, get_args

import msgspec

from billfold.model.errors import InvalidArgument
from billfold.wire.operation import Operation, OperationType, operation_name, operation_shape

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class Outline:
    """One operation as a function; where it comes as a file too, ``file_op`` is the operation that asks for that."""

    def __init__(self, op: Callable[..., Operation[Any]], file_op: Callable[..., Operation[Any]] | None = None) -> None:
        self.op, self.file_op = cast("OperationType", op), cast("OperationType | None", file_op)
        self.name, self.doc = operation_name(self.op), self.op.__doc__
        self.operations = (self.op,) if self.file_op is None else (self.op, self.file_op)

    def make_operation(self, *args: Any, **kwargs: Any) -> Operation[Any]:
        """Make the operation; raises ``InvalidArgument`` for a format that there is not."""
        if self.file_op is None or (format_name := kwargs.get("format", "json")) == "json":
            return self.op(*args, **kwargs)
        formats = tuple(operation_shape(self.file_op).media_types)
        if format_name not in formats:
            raise InvalidArgument(f"there is no format {format_name!r}; the formats are json, {', '.join(formats)}")
        return self.file_op(*args, **kwargs)

    @cached_property
    def signature(self) -> Signature:
        """What can be given, and what a call comes to (of a list: one item)."""
        types = {field.name: field.type for field in msgspec.structs.fields(self.op)}
        if self.file_op is not None:
            formats = operation_shape(self.file_op).media_types
            types["format"] = Literal[("json", *formats)]
        parameters = [
            parameter.replace(annotation=types[name]) for name, parameter in signature(self.op).parameters.items()
        ]
        return Signature(parameters, return_annotation=_find_result_type(self.op))

    def find_flaw(self, args: Sequence[object], kwargs: Mapping[str, object]) -> str:
        """Say what is wrong with the arguments; nothing where they fit."""
        parameters = self.signature.parameters
        choices = ", ".join(parameters) or "no arguments"
        positional = [name for name, parameter in parameters.items() if parameter.kind in POSITIONAL]
        if unknown := [name for name in kwargs if name not in parameters]:
            return f"takes {choices}, not {unknown[0]!r}"
        if len(args) > len(positional):
            return _describe_excess(positional, list(parameters), len(args))
        filled = positional[: len(args)]
        if twice := [name for name in filled if name in kwargs]:
            return f"got {twice[0]} twice, by position and by name"
        missing = [
            name
            for name, parameter in parameters.items()
            if parameter.default is Parameter.empty and name not in kwargs and name not in filled
        ]
        return f"needs {', '.join(missing)}" if missing else ""

    def make_function(self, owner: type[Any]) -> Callable[..., Any]:
        """Return what stands for the method on the class itself; given a client, it is the client's method."""

        def call_method(client: Any, /, *args: Any, **kwargs: Any) -> Any:
            return getattr(client, self.name)(*args, **kwargs)

        client_parameter = Parameter("self", Parameter.POSITIONAL_ONLY)
        call_method.__name__, call_method.__doc__ = self.name, self.doc
        call_method.__qualname__, call_method.__module__ = f"{owner.__qualname__}.{self.name}", owner.__module__
        call_method.__signature__ = self.signature.replace(  # type: ignore[attr-defined]
            parameters=[client_parameter, *self.signature.parameters.values()]
        )
        return call_method


def _describe_excess(positional: list[str], names: list[str], count: int) -> str:
    if positional:
        return f"takes {', '.join(positional)} by position; {count} values are too many"
    return f"takes nothing by position; name each value, as in {names[0]}=..." if names else "takes no arguments"


def _find_result_type(operation_type: OperationType) -> Any:
    """Return the last argument of the operation's generic base: the result, or a list's item."""
    for base in operation_type.__dict__.get("__orig_bases__", ()):
        if arguments := get_args(base):
            return arguments[-1]
    return Signature.empty
