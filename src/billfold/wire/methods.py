"""Operations as named, typed methods of an API's class: at once or awaited, by what carries them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from inspect import Parameter, Signature, signature
from typing import Any, ClassVar, Generic, Literal, ParamSpec, Protocol, TypeVar, cast, overload

from billfold.model.errors import InvalidArgument
from billfold.wire.exchange import ClientContext, decode_response, name_errors
from billfold.wire.message import Response
from billfold.wire.operation import Operation, OperationType, operation_name, operation_shape
from billfold.wire.paging import PagedOperation, Walk

R = TypeVar("R")
I = TypeVar("I")  # noqa: E741 - an item
P = ParamSpec("P")
Q = ParamSpec("Q")


class SyncTransport(Protocol):
    """Anything that brings an operation to its response at once."""

    is_async: ClassVar[Literal[False]]
    context: ClientContext

    def send(self, op: Operation[Any], /) -> Response:
        """Return the good response to an operation."""
        ...

    def fetch(self, url: str, /) -> Response:
        """Return the document behind a pre-signed URL."""
        ...


class AsyncTransport(Protocol):
    """Anything that brings an operation to its response when awaited."""

    is_async: ClassVar[Literal[True]]
    context: ClientContext

    async def send(self, op: Operation[Any], /) -> Response:
        """Return the good response to an operation."""
        ...

    async def fetch(self, url: str, /) -> Response:
        """Return the document behind a pre-signed URL."""
        ...


C = TypeVar("C", bound=SyncTransport | AsyncTransport, covariant=True)  # noqa: PLC0105


class Api(Generic[C]):
    """An API's operations, bound to whatever carries them."""

    def __init__(self, transport: C) -> None:
        self.transport = transport


class SyncCall(Generic[P, R]):
    """A method that answers at once; ``raw`` gives the response as it came."""

    def __init__(self, op: Callable[..., Operation[Any]], transport: SyncTransport) -> None:
        self._op, self._transport, self.__doc__ = op, transport, op.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        op = self._op(*args, **kwargs)
        return cast("R", decode_response(op, self._transport.send(op), self._transport.context))

    def raw(self, *args: P.args, **kwargs: P.kwargs) -> Response:
        """Return the response: status, headers, body."""
        return self._transport.send(self._op(*args, **kwargs))


class AsyncCall(Generic[P, R]):
    """A method that is awaited; ``raw`` gives the response as it came."""

    def __init__(self, op: Callable[..., Operation[Any]], transport: AsyncTransport) -> None:
        self._op, self._transport, self.__doc__ = op, transport, op.__doc__

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        op = self._op(*args, **kwargs)
        return cast("R", decode_response(op, await self._transport.send(op), self._transport.context))

    async def raw(self, *args: P.args, **kwargs: P.kwargs) -> Response:
        """Return the response: status, headers, body."""
        return await self._transport.send(self._op(*args, **kwargs))


class SyncItems(Generic[R, I]):
    """All items of a list, over all its pages; ``pages()`` gives the pages."""

    def __init__(self, op: PagedOperation[R, I], transport: SyncTransport) -> None:
        self._op, self._transport = op, transport

    def __iter__(self) -> Iterator[I]:
        for page in self.pages():
            yield from self._op.items(page)

    def pages(self) -> Iterator[R]:
        """Yield every page; raises ``IncompleteList`` where the list goes in circles, or stops before its end."""
        walk = Walk(self._op)
        while walk.next_operation is not None:
            page: R = decode_response(
                walk.next_operation, self._transport.send(walk.next_operation), self._transport.context
            )
            with name_errors(self._transport.context):
                walk.take_page(page)
            yield page
        with name_errors(self._transport.context):
            walk.finish()


class AsyncItems(Generic[R, I]):
    """All items of a list, over all its pages, awaited; ``pages()`` gives the pages."""

    def __init__(self, op: PagedOperation[R, I], transport: AsyncTransport) -> None:
        self._op, self._transport = op, transport

    async def __aiter__(self) -> AsyncIterator[I]:
        async for page in self.pages():
            for item in self._op.items(page):
                yield item

    async def pages(self) -> AsyncIterator[R]:
        """Yield every page; raises ``IncompleteList`` where the list goes in circles, or stops before its end."""
        walk = Walk(self._op)
        while walk.next_operation is not None:
            page: R = decode_response(
                walk.next_operation, await self._transport.send(walk.next_operation), self._transport.context
            )
            with name_errors(self._transport.context):
                walk.take_page(page)
            yield page
        with name_errors(self._transport.context):
            walk.finish()


class SyncListCall(Generic[P, R, I]):
    """A method that returns an iterable of items; ``raw`` gives the first page's response as it came."""

    def __init__(self, op: Callable[..., PagedOperation[R, I]], transport: SyncTransport) -> None:
        self._op, self._transport, self.__doc__ = op, transport, op.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> SyncItems[R, I]:
        return SyncItems(self._op(*args, **kwargs), self._transport)

    def raw(self, *args: P.args, **kwargs: P.kwargs) -> Response:
        """Return one page's response: status, headers, body."""
        return self._transport.send(self._op(*args, **kwargs))


class AsyncListCall(Generic[P, R, I]):
    """A method that returns an async iterable of items; ``raw`` gives the first page's response as it came."""

    def __init__(self, op: Callable[..., PagedOperation[R, I]], transport: AsyncTransport) -> None:
        self._op, self._transport, self.__doc__ = op, transport, op.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> AsyncItems[R, I]:
        return AsyncItems(self._op(*args, **kwargs), self._transport)

    async def raw(self, *args: P.args, **kwargs: P.kwargs) -> Response:
        """Return one page's response: status, headers, body."""
        return await self._transport.send(self._op(*args, **kwargs))


class SyncFormatCall(Generic[P, R, Q]):
    """A method that answers with a record, or with bytes when another ``format`` is asked."""

    def __init__(self, op: Callable[..., Operation[Any]], transport: SyncTransport) -> None:
        self._op, self._transport, self.__doc__ = op, transport, op.__doc__

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def __call__(self, *args: Q.args, **kwargs: Q.kwargs) -> bytes: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        op = self._op(*args, **kwargs)
        return decode_response(op, self._transport.send(op), self._transport.context)

    def raw(self, *args: Any, **kwargs: Any) -> Response:
        """Return the response: status, headers, body."""
        return self._transport.send(self._op(*args, **kwargs))


class AsyncFormatCall(Generic[P, R, Q]):
    """A method that is awaited: a record, or bytes when another ``format`` is asked."""

    def __init__(self, op: Callable[..., Operation[Any]], transport: AsyncTransport) -> None:
        self._op, self._transport, self.__doc__ = op, transport, op.__doc__

    @overload
    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    async def __call__(self, *args: Q.args, **kwargs: Q.kwargs) -> bytes: ...
    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        op = self._op(*args, **kwargs)
        return decode_response(op, await self._transport.send(op), self._transport.context)

    async def raw(self, *args: Any, **kwargs: Any) -> Response:
        """Return the response: status, headers, body."""
        return await self._transport.send(self._op(*args, **kwargs))


def _bind_method(api: Api[Any], op: Callable[..., Any], sync_type: type[Any], async_type: type[Any]) -> Any:
    return (async_type if api.transport.is_async else sync_type)(op, api.transport)


def _make_unbound_method(op: Any, file_op: Any = None) -> Callable[..., Any]:
    """Return what stands for a method on the class itself: its words and arguments; given a client, it is the method."""

    def call_method(api: Api[Any], /, *args: Any, **kwargs: Any) -> Any:
        return getattr(api, operation_name(op))(*args, **kwargs)

    parameters = dict(signature(op).parameters)
    for name, parameter in signature(file_op).parameters.items() if file_op else ():
        parameters.setdefault(name, parameter.replace(default="json"))
    call_method.__name__ = call_method.__qualname__ = operation_name(op)
    call_method.__doc__ = op.__doc__
    call_method.__signature__ = Signature([Parameter("self", Parameter.POSITIONAL_ONLY), *parameters.values()])  # type: ignore[attr-defined]
    return call_method


class api_method(Generic[P, R]):  # noqa: N801 - used like a decorator
    """Bind an operation as a method of an ``Api``."""

    def __init__(self, op: Callable[P, Operation[R]]) -> None:
        self.op = op

    @overload
    def __get__(self, api: None, owner: object = None) -> Callable[..., Any]: ...
    @overload
    def __get__(self, api: Api[SyncTransport], owner: object = None) -> SyncCall[P, R]: ...
    @overload
    def __get__(self, api: Api[AsyncTransport], owner: object = None) -> AsyncCall[P, R]: ...
    def __get__(self, api: Api[Any] | None, owner: object = None) -> Any:
        """Return the method, at once or awaited; on the class itself, its words and arguments."""
        return _make_unbound_method(self.op) if api is None else _bind_method(api, self.op, SyncCall, AsyncCall)


class list_method(Generic[P, R, I]):  # noqa: N801 - used like a decorator
    """Bind a paged operation as a method of an ``Api``."""

    def __init__(self, op: Callable[P, PagedOperation[R, I]]) -> None:
        self.op = op

    @overload
    def __get__(self, api: None, owner: object = None) -> Callable[..., Any]: ...
    @overload
    def __get__(self, api: Api[SyncTransport], owner: object = None) -> SyncListCall[P, R, I]: ...
    @overload
    def __get__(self, api: Api[AsyncTransport], owner: object = None) -> AsyncListCall[P, R, I]: ...
    def __get__(self, api: Api[Any] | None, owner: object = None) -> Any:
        """Return the method, at once or awaited; on the class itself, its words and arguments."""
        return _make_unbound_method(self.op) if api is None else _bind_method(api, self.op, SyncListCall, AsyncListCall)


class format_method(Generic[P, R, Q]):  # noqa: N801 - used like a decorator
    """Bind two operations of one name: the record, and the same as a file in the ``format`` asked."""

    def __init__(self, record_op: Callable[P, Operation[R]], file_op: Callable[Q, Operation[bytes]]) -> None:
        self.record_op, self.file_op = record_op, file_op

    def _choose_operation(self, *args: Any, **kwargs: Any) -> Operation[Any]:
        if (format_name := kwargs.get("format", "json")) != "json":
            formats = tuple(operation_shape(cast("OperationType", self.file_op)).media_types)
            if format_name not in formats:
                raise InvalidArgument(f"there is no format {format_name!r}; the formats are json, {', '.join(formats)}")
            return self.file_op(*args, **kwargs)
        return self.record_op(*args, **{name: value for name, value in kwargs.items() if name != "format"})

    @overload
    def __get__(self, api: None, owner: object = None) -> Callable[..., Any]: ...
    @overload
    def __get__(self, api: Api[SyncTransport], owner: object = None) -> SyncFormatCall[P, R, Q]: ...
    @overload
    def __get__(self, api: Api[AsyncTransport], owner: object = None) -> AsyncFormatCall[P, R, Q]: ...
    def __get__(self, api: Api[Any] | None, owner: object = None) -> Any:
        """Return the method, at once or awaited; on the class itself, its words and arguments."""
        return (
            _make_unbound_method(self.record_op, self.file_op)
            if api is None
            else _bind_method(api, self._choose_operation, SyncFormatCall, AsyncFormatCall)
        )
