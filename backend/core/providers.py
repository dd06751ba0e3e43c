"""Questions that a feature puts to those above it, which it can't import.

    sign_ups: Question[[Session, UUID], SignUps] = Question("sign_ups")   # below

    @sign_ups.answered
    def standing_sign_ups(session: Session, activity_id: UUID) -> SignUps: …   # above

    sign_ups(session, activity.id)

A `Question` has exactly one provider: a second one fails where it is declared, and where one is
missing the app does not start (`check_answered`). A `Survey` is answered by each feature that has
something to say, under a name that no other has. News, which asks for no answer, is a signal.
"""

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Question(Generic[P, T]):
    """One question with one answer.

    Args:
        name: for whoever reads the error.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._provider: Callable[P, T] | None = None
        _ASKED.append(self)

    def answered(self, provider: Callable[P, T]) -> Callable[P, T]:
        """Declare the provider.

        Raises RuntimeError where there is one already.
        """
        if self._provider is not None:
            raise RuntimeError(f"{self.name} is answered already, by {self._provider.__module__}")
        self._provider = provider
        return provider

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask. Raises RuntimeError where nobody answers."""
        if self._provider is None:
            raise RuntimeError(f"nobody answers {self.name}")
        return self._provider(*args, **kwargs)

    def is_answered(self) -> bool:
        """Whether somebody will answer."""
        return self._provider is not None


class Survey(Generic[P, T]):
    """One question that several features answer, each for itself.

    Args:
        name: for whoever reads the error.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._providers: dict[str, Callable[P, T]] = {}
        _ASKED.append(self)

    def answered(self, name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """Declare a provider.

        Args:
            name: what it answers for; those who ask find its answer under it.

        Raises RuntimeError where another has the name.
        """

        def declare(provider: Callable[P, T]) -> Callable[P, T]:
            if name in self._providers:
                raise RuntimeError(f"{self.name} is answered for {name} already")
            self._providers[name] = provider
            return provider

        return declare

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, T]:
        """Ask all of them."""
        return {name: provider(*args, **kwargs) for name, provider in self._providers.items()}

    def is_answered(self) -> bool:
        """Whether anybody will answer."""
        return bool(self._providers)


_ASKED: list[Question[..., Any] | Survey[..., Any]] = []


def check_answered() -> None:
    """Raises RuntimeError, when the app is made, with the questions that nobody answers."""
    open_ones = sorted(question.name for question in _ASKED if not question.is_answered())
    if open_ones:
        raise RuntimeError(f"nobody answers {', '.join(open_ones)}")
