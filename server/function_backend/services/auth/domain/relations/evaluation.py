"""Finding out permissions: level by level from the resources, all questions of a call together.

A level asks for everything that is needed next in one go: whole objects where they are small, and with them those that
they lead to; else which of these relationships exist, which sets stand in these relations, which objects; and which
sets the subjects belong to. Between levels the expressions are worked out with three values, so that a question that is
answered asks for nothing more. What only circles of relationships leave open is the least fixpoint, stratum by stratum:
a statement holds when it follows from relationships, never because it supports itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from function_backend.services.auth.domain.relations.known import Known
from function_backend.services.auth.domain.relations.plan import Key, Plan
from function_backend.services.auth.domain.relations.references import Subject
from function_backend.services.auth.domain.relations.source import TooComplex, TupleSource
from function_backend.services.auth.domain.relations.subject_view import MAX_STEPS, SubjectView


class Evaluation:
    """Answers questions on one state of the relationships."""

    def __init__(self, plan: Plan, source: TupleSource) -> None:
        self.plan = plan
        """The schema that the answers follow from."""
        self._known = Known(plan, source)
        self._views: dict[Subject, SubjectView] = {}

    def decide(self, questions: Sequence[tuple[Subject, Key]]) -> list[bool]:
        """Whether each subject has what is asked. Raises TooComplex."""
        known = self._known
        known.begin()
        asked = open_ = [(self._view(subject), key) for subject, key in questions]
        while open_:
            views = {id(view): view for view, _ in open_}.values()
            for view in views:
                view.begin()
            open_ = [(view, key) for view, key in open_ if view.value(key) is None]
            for view in views:
                view.finish()
            if not open_:
                known.drop()
                for view in views:
                    view.forget_asked()
            elif known.is_asked:
                known.load()
            else:
                # Nothing is left to ask for: what is open hangs on circles alone.
                for view in {id(view): view for view, _ in open_}.values():
                    view.settle()
                break
            if known.steps > MAX_STEPS:
                raise TooComplex(MAX_STEPS, "steps")
        return [view.decided[key] for view, key in asked]

    def sets_of(self, key: Key) -> list[Key]:
        """The sets that stand in the relation, looked up when they were not needed before."""
        return self._known.sets_of(key)

    def objects_of(self, key: Key) -> list[tuple[str, str]]:
        """The objects that stand in the relation, looked up when they were not needed before."""
        return self._known.objects_of(key)

    def _view(self, subject: Subject) -> SubjectView:
        view = self._views.get(subject)
        if view is None:
            view = self._views[subject] = SubjectView(self._known, subject)
        return view
