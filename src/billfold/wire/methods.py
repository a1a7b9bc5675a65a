"""Operations as named, typed methods of an API's class: at once or awaited, by what carries them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from inspect import Signature
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, ParamSpec, Protocol, TypeVar, cast, overload

from billfold.wire.exchange import ClientContext, decode_response, name_errors
from billfold.wire.message import Response
from billfold.wire.operation import Operation, OperationType
from billfold.wire.outline import Outline
from billfold.wire.paging import PagedOperation, Walk

R = TypeVar("R")
I = TypeVar("I")  # noqa: E741 - an item
T = TypeVar("T")
B = TypeVar("B")
W = TypeVar("W")
P = ParamSpec("P")
Q = ParamSpec("Q")
Awaited = Coroutine[Any, Any, R]


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
    """An API's operations, bound to whatever carries them.

    ``operations`` are gathered from the methods, in their order; where a saved answer fits two, the first one is taken.
    """

    operations: ClassVar[tuple[OperationType, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        outlines = {name: value.outline for name, value in vars(cls).items() if isinstance(value, _Binding)}
        if misnamed := [name for name, outline in outlines.items() if outline.name != name]:
            raise TypeError(f"{cls.__name__}.{misnamed[0]} must be called {outlines[misnamed[0]].name}")
        cls.operations += tuple(operation for outline in outlines.values() for operation in outline.operations)

    def __init__(self, transport: C) -> None:
        self.transport = transport


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


class Method(Generic[P, T, W]):
    """An operation as a method of a client: a call gives the result, ``raw`` the response as it came.

    Where the client is awaited, both are. It has the name, the words and the signature of a function.
    """

    def __init__(self, outline: Outline, client: Api[Any], perform: Callable[[Operation[Any], Any], T]) -> None:
        self._outline, self._transport, self._perform = outline, client.transport, perform
        self.__name__, self.__doc__ = outline.name, outline.doc
        self.__qualname__ = f"{type(client).__name__}.{outline.name}"
        self.__module__ = type(client).__module__

    @property
    def __signature__(self) -> Signature:
        return self._outline.signature

    def __repr__(self) -> str:
        return f"<{self.__qualname__}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._perform(self._make_operation(args, kwargs), self._transport)

    def raw(self, *args: P.args, **kwargs: P.kwargs) -> W:
        """Return the response (of a list: its first page's): status, headers, body."""
        return cast("W", self._transport.send(self._make_operation(args, kwargs)))

    def _make_operation(self, args: Sequence[object], kwargs: Mapping[str, object]) -> Operation[Any]:
        try:
            return self._outline.make_operation(*args, **kwargs)
        except TypeError:
            if flaw := self._outline.find_flaw(args, kwargs):
                raise TypeError(f"{self.__qualname__}() {flaw}") from None
            raise


class FormatMethod(Method[P, T, W], Generic[P, Q, T, B, W]):
    """A method that answers with a record, or with bytes when another ``format`` is asked."""

    if TYPE_CHECKING:

        @overload
        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T: ...
        @overload
        def __call__(self, *args: Q.args, **kwargs: Q.kwargs) -> B: ...
        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

        @overload
        def raw(self, *args: P.args, **kwargs: P.kwargs) -> W: ...
        @overload
        def raw(self, *args: Q.args, **kwargs: Q.kwargs) -> W: ...
        def raw(self, *args: Any, **kwargs: Any) -> Any: ...


def _ask(op: Operation[R], transport: SyncTransport) -> R:
    return decode_response(op, transport.send(op), transport.context)


async def _ask_awaited(op: Operation[R], transport: AsyncTransport) -> R:
    return decode_response(op, await transport.send(op), transport.context)


class _Binding:
    """A descriptor that makes an operation a method of each client, and a function on the class itself."""

    performers: ClassVar[tuple[Callable[..., Any], Callable[..., Any]]] = _ask, _ask_awaited
    method_type: ClassVar[type[Method[Any, Any, Any]]] = Method

    def __init__(self, outline: Outline) -> None:
        self.outline = outline

    def _bind(self, client: Api[Any] | None, owner: type[Any]) -> Any:
        if client is None:
            return self.outline.make_function(owner)
        return self.method_type(self.outline, client, self.performers[client.transport.is_async])


class api_method(_Binding, Generic[P, R]):  # noqa: N801 - used like a decorator
    """Bind an operation as a method of an ``Api``."""

    def __init__(self, op: Callable[P, Operation[R]]) -> None:
        super().__init__(Outline(op))

    @overload
    def __get__(self, client: None, owner: type[Any]) -> Callable[..., Any]: ...
    @overload
    def __get__(self, client: Api[SyncTransport], owner: type[Any]) -> Method[P, R, Response]: ...
    @overload
    def __get__(self, client: Api[AsyncTransport], owner: type[Any]) -> Method[P, Awaited[R], Awaited[Response]]: ...
    def __get__(self, client: Api[Any] | None, owner: type[Any]) -> Any:
        """Return the method, at once or awaited; on the class itself, a function that takes a client."""
        return self._bind(client, owner)


class list_method(_Binding, Generic[P, R, I]):  # noqa: N801 - used like a decorator
    """Bind a paged operation as a method of an ``Api``."""

    performers = SyncItems, AsyncItems

    def __init__(self, op: Callable[P, PagedOperation[R, I]]) -> None:
        super().__init__(Outline(op))

    @overload
    def __get__(self, client: None, owner: type[Any]) -> Callable[..., Any]: ...
    @overload
    def __get__(self, client: Api[SyncTransport], owner: type[Any]) -> Method[P, SyncItems[R, I], Response]: ...
    @overload
    def __get__(
        self, client: Api[AsyncTransport], owner: type[Any]
    ) -> Method[P, AsyncItems[R, I], Awaited[Response]]: ...
    def __get__(self, client: Api[Any] | None, owner: type[Any]) -> Any:
        """Return the method, iterated at once or awaited; on the class itself, a function that takes a client."""
        return self._bind(client, owner)


class format_method(_Binding, Generic[P, R, Q]):  # noqa: N801 - used like a decorator
    """Bind two operations of one name: the record, and the same as a file in the ``format`` asked."""

    method_type = FormatMethod

    def __init__(self, record_op: Callable[P, Operation[R]], file_op: Callable[Q, Operation[bytes]]) -> None:
        super().__init__(Outline(record_op, file_op))

    @overload
    def __get__(self, client: None, owner: type[Any]) -> Callable[..., Any]: ...
    @overload
    def __get__(self, client: Api[SyncTransport], owner: type[Any]) -> FormatMethod[P, Q, R, bytes, Response]: ...
    @overload
    def __get__(
        self, client: Api[AsyncTransport], owner: type[Any]
    ) -> FormatMethod[P, Q, Awaited[R], Awaited[bytes], Awaited[Response]]: ...
    def __get__(self, client: Api[Any] | None, owner: type[Any]) -> Any:
        """Return the method, at once or awaited; on the class itself, a function that takes a client."""
        return self._bind(client, owner)
