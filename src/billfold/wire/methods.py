"""Operations as named, typed methods of an API's class: at once or awaited, by what carries them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from inspect import Parameter, Signature, signature
from typing import Any, ClassVar, Generic, Literal, ParamSpec, Protocol, TypeVar, cast, overload

from billfold.model.errors import Misasked
from billfold.wire.exchange import Line, naming, understood
from billfold.wire.message import Response
from billfold.wire.operation import Kind, Operation, name_of, shape
from billfold.wire.paging import Paged, Walk

R = TypeVar("R")
I = TypeVar("I")  # noqa: E741 - an item
P = ParamSpec("P")
Q = ParamSpec("Q")


class SyncCarrier(Protocol):
    """Anything that brings an operation to its response at once."""

    is_async: ClassVar[Literal[False]]
    line: Line

    def send(self, op: Operation[Any], /) -> Response:
        """Return the good response to an operation."""
        ...

    def fetch(self, url: str, /) -> Response:
        """Return the document behind a pre-signed URL."""
        ...


class AsyncCarrier(Protocol):
    """Anything that brings an operation to its response when awaited."""

    is_async: ClassVar[Literal[True]]
    line: Line

    async def send(self, op: Operation[Any], /) -> Response:
        """Return the good response to an operation."""
        ...

    async def fetch(self, url: str, /) -> Response:
        """Return the document behind a pre-signed URL."""
        ...


C = TypeVar("C", bound=SyncCarrier | AsyncCarrier, covariant=True)  # noqa: PLC0105


class Api(Generic[C]):
    """An API's operations, bound to whatever carries them."""

    def __init__(self, carrier: C) -> None:
        self.carrier = carrier


class SyncCall(Generic[P, R]):
    """A method that answers at once; ``raw`` gives the response as it came."""

    def __init__(self, op: Callable[..., Operation[Any]], carrier: SyncCarrier) -> None:
        self._op, self._carrier, self.__doc__ = op, carrier, op.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        op = self._op(*args, **kwargs)
        return cast("R", understood(op, self._carrier.send(op), self._carrier.line))

    def raw(self, *args: P.args, **kwargs: P.kwargs) -> Response:
        """Return the response: status, headers, body."""
        return self._carrier.send(self._op(*args, **kwargs))


class AsyncCall(Generic[P, R]):
    """A method that is awaited; ``raw`` gives the response as it came."""

    def __init__(self, op: Callable[..., Operation[Any]], carrier: AsyncCarrier) -> None:
        self._op, self._carrier, self.__doc__ = op, carrier, op.__doc__

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        op = self._op(*args, **kwargs)
        return cast("R", understood(op, await self._carrier.send(op), self._carrier.line))

    async def raw(self, *args: P.args, **kwargs: P.kwargs) -> Response:
        """Return the response: status, headers, body."""
        return await self._carrier.send(self._op(*args, **kwargs))


class Items(Generic[R, I]):
    """All items of a list, over all its pages; ``pages()`` gives the pages."""

    def __init__(self, op: Paged[R, I], carrier: SyncCarrier) -> None:
        self._op, self._carrier = op, carrier

    def __iter__(self) -> Iterator[I]:
        for page in self.pages():
            yield from self._op.items(page)

    def pages(self) -> Iterator[R]:
        """Yield every page; raises ``Endless`` where the list goes in circles, or stops before its end."""
        walk = Walk(self._op)
        while walk.question is not None:
            page: R = understood(walk.question, self._carrier.send(walk.question), self._carrier.line)
            with naming(self._carrier.line):
                walk.hear(page)
            yield page
        with naming(self._carrier.line):
            walk.finish()


class AsyncItems(Generic[R, I]):
    """All items of a list, over all its pages, awaited; ``pages()`` gives the pages."""

    def __init__(self, op: Paged[R, I], carrier: AsyncCarrier) -> None:
        self._op, self._carrier = op, carrier

    async def __aiter__(self) -> AsyncIterator[I]:
        async for page in self.pages():
            for item in self._op.items(page):
                yield item

    async def pages(self) -> AsyncIterator[R]:
        """Yield every page; raises ``Endless`` where the list goes in circles, or stops before its end."""
        walk = Walk(self._op)
        while walk.question is not None:
            page: R = understood(walk.question, await self._carrier.send(walk.question), self._carrier.line)
            with naming(self._carrier.line):
                walk.hear(page)
            yield page
        with naming(self._carrier.line):
            walk.finish()


class SyncList(Generic[P, R, I]):
    """A method that returns an iterable of items; ``raw`` gives the first page's response as it came."""

    def __init__(self, op: Callable[..., Paged[R, I]], carrier: SyncCarrier) -> None:
        self._op, self._carrier, self.__doc__ = op, carrier, op.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Items[R, I]:
        return Items(self._op(*args, **kwargs), self._carrier)

    def raw(self, *args: P.args, **kwargs: P.kwargs) -> Response:
        """Return one page's response: status, headers, body."""
        return self._carrier.send(self._op(*args, **kwargs))


class AsyncList(Generic[P, R, I]):
    """A method that returns an async iterable of items; ``raw`` gives the first page's response as it came."""

    def __init__(self, op: Callable[..., Paged[R, I]], carrier: AsyncCarrier) -> None:
        self._op, self._carrier, self.__doc__ = op, carrier, op.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> AsyncItems[R, I]:
        return AsyncItems(self._op(*args, **kwargs), self._carrier)

    async def raw(self, *args: P.args, **kwargs: P.kwargs) -> Response:
        """Return one page's response: status, headers, body."""
        return await self._carrier.send(self._op(*args, **kwargs))


class SyncEither(Generic[P, R, Q]):
    """A method that answers with a record, or with bytes when another ``format`` is asked."""

    def __init__(self, op: Callable[..., Operation[Any]], carrier: SyncCarrier) -> None:
        self._op, self._carrier, self.__doc__ = op, carrier, op.__doc__

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def __call__(self, *args: Q.args, **kwargs: Q.kwargs) -> bytes: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        op = self._op(*args, **kwargs)
        return understood(op, self._carrier.send(op), self._carrier.line)

    def raw(self, *args: Any, **kwargs: Any) -> Response:
        """Return the response: status, headers, body."""
        return self._carrier.send(self._op(*args, **kwargs))


class AsyncEither(Generic[P, R, Q]):
    """A method that is awaited: a record, or bytes when another ``format`` is asked."""

    def __init__(self, op: Callable[..., Operation[Any]], carrier: AsyncCarrier) -> None:
        self._op, self._carrier, self.__doc__ = op, carrier, op.__doc__

    @overload
    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    async def __call__(self, *args: Q.args, **kwargs: Q.kwargs) -> bytes: ...
    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        op = self._op(*args, **kwargs)
        return understood(op, await self._carrier.send(op), self._carrier.line)

    async def raw(self, *args: Any, **kwargs: Any) -> Response:
        """Return the response: status, headers, body."""
        return await self._carrier.send(self._op(*args, **kwargs))


def _bind(api: Api[Any], op: Callable[..., Any], at_once: type[Any], awaited: type[Any]) -> Any:
    return (awaited if api.carrier.is_async else at_once)(op, api.carrier)


def _shown(op: Any, file: Any = None) -> Callable[..., Any]:
    """Return what stands for a method on the class itself: its words and arguments; given a client, it is the method."""

    def method(api: Api[Any], /, *args: Any, **kwargs: Any) -> Any:
        return getattr(api, name_of(op))(*args, **kwargs)

    takes = dict(signature(op).parameters)
    for name, one in signature(file).parameters.items() if file else ():
        takes.setdefault(name, one.replace(default="json"))
    method.__name__ = method.__qualname__ = name_of(op)
    method.__doc__ = op.__doc__
    method.__signature__ = Signature([Parameter("self", Parameter.POSITIONAL_ONLY), *takes.values()])  # type: ignore[attr-defined]
    return method


class call(Generic[P, R]):  # noqa: N801 - used like a decorator
    """Bind an operation as a method of an ``Api``."""

    def __init__(self, op: Callable[P, Operation[R]]) -> None:
        self.op = op

    @overload
    def __get__(self, api: None, owner: object = None) -> Callable[..., Any]: ...
    @overload
    def __get__(self, api: Api[SyncCarrier], owner: object = None) -> SyncCall[P, R]: ...
    @overload
    def __get__(self, api: Api[AsyncCarrier], owner: object = None) -> AsyncCall[P, R]: ...
    def __get__(self, api: Api[Any] | None, owner: object = None) -> Any:
        """Return the method, at once or awaited; on the class itself, its words and arguments."""
        return _shown(self.op) if api is None else _bind(api, self.op, SyncCall, AsyncCall)


class listing(Generic[P, R, I]):  # noqa: N801 - used like a decorator
    """Bind a paged operation as a method of an ``Api``."""

    def __init__(self, op: Callable[P, Paged[R, I]]) -> None:
        self.op = op

    @overload
    def __get__(self, api: None, owner: object = None) -> Callable[..., Any]: ...
    @overload
    def __get__(self, api: Api[SyncCarrier], owner: object = None) -> SyncList[P, R, I]: ...
    @overload
    def __get__(self, api: Api[AsyncCarrier], owner: object = None) -> AsyncList[P, R, I]: ...
    def __get__(self, api: Api[Any] | None, owner: object = None) -> Any:
        """Return the method, at once or awaited; on the class itself, its words and arguments."""
        return _shown(self.op) if api is None else _bind(api, self.op, SyncList, AsyncList)


class either(Generic[P, R, Q]):  # noqa: N801 - used like a decorator
    """Bind two operations of one name: the record, and the same as a file in the ``format`` asked."""

    def __init__(self, record: Callable[P, Operation[R]], file: Callable[Q, Operation[bytes]]) -> None:
        self.record, self.file = record, file

    def _choose(self, *args: Any, **kwargs: Any) -> Operation[Any]:
        if (chosen := kwargs.get("format", "json")) != "json":
            formats = tuple(shape(cast("Kind", self.file)).accepts)
            if chosen not in formats:
                raise Misasked(f"there is no format {chosen!r}; the formats are json, {', '.join(formats)}")
            return self.file(*args, **kwargs)
        return self.record(*args, **{name: value for name, value in kwargs.items() if name != "format"})

    @overload
    def __get__(self, api: None, owner: object = None) -> Callable[..., Any]: ...
    @overload
    def __get__(self, api: Api[SyncCarrier], owner: object = None) -> SyncEither[P, R, Q]: ...
    @overload
    def __get__(self, api: Api[AsyncCarrier], owner: object = None) -> AsyncEither[P, R, Q]: ...
    def __get__(self, api: Api[Any] | None, owner: object = None) -> Any:
        """Return the method, at once or awaited; on the class itself, its words and arguments."""
        return _shown(self.record, self.file) if api is None else _bind(api, self._choose, SyncEither, AsyncEither)
