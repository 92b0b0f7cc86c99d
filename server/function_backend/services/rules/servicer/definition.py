"""Authoring and publishing over gRPC."""

from __future__ import annotations

from dataclasses import dataclass

from function.rules.v1 import definition_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.services.rules.convert import definition as convert
from function_backend.services.rules.convert import texts
from function_backend.services.rules.service.checking import Checking
from function_backend.services.rules.service.drafts import Drafts
from function_backend.services.rules.service.publishing import Period, Publishing
from function_backend.services.rules.service.reading import Reading
from function_backend.services.rules.service.reviews import Reviews
from function_backend.timestamps import read_optional_moment

_JSON = wire.DEFINITION_FORMAT_JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionUseCases:
    """What the servicer calls."""

    drafts: Drafts
    reviews: Reviews
    publishing: Publishing
    reading: Reading
    checking: Checking


class DefinitionServicer:
    """`function.rules.v1.DefinitionService`."""

    def __init__(self, use_cases: DefinitionUseCases) -> None:
        self._do = use_cases

    def CreateDefinition(self, request: wire.CreateDefinitionRequest, context: Call) -> wire.CreateDefinitionResponse:
        written = self._do.drafts.create(convert.content(request.definition), comment=request.comment)
        return wire.CreateDefinitionResponse(
            version=convert.version(written.version),
            problems=convert.problems(written.problems),
            warnings=convert.problems(written.warnings),
        )

    def GetDefinition(self, request: wire.GetDefinitionRequest, context: Call) -> wire.GetDefinitionResponse:
        return wire.GetDefinitionResponse(definition=convert.overview(self._do.reading.get(request.name)))

    def ListDefinitions(self, request: wire.ListDefinitionsRequest, context: Call) -> wire.ListDefinitionsResponse:
        found, token = self._do.reading.list_page(
            request.name_prefix, page_size=request.page_size, page_token=request.page_token
        )
        return wire.ListDefinitionsResponse(definitions=map(convert.overview, found), next_page_token=token)

    def UpdateDraft(self, request: wire.UpdateDraftRequest, context: Call) -> wire.UpdateDraftResponse:
        written = self._do.drafts.update(
            convert.content(request.definition), etag=request.etag, comment=request.comment
        )
        return wire.UpdateDraftResponse(
            version=convert.version(written.version),
            problems=convert.problems(written.problems),
            warnings=convert.problems(written.warnings),
        )

    def DeleteDraft(self, request: wire.DeleteDraftRequest, context: Call) -> wire.DeleteDraftResponse:
        gone = self._do.drafts.delete(request.name, etag=request.etag, comment=request.comment)
        return wire.DeleteDraftResponse(definition_deleted=gone)

    def SubmitForReview(self, request: wire.SubmitForReviewRequest, context: Call) -> wire.SubmitForReviewResponse:
        version, warnings = self._do.reviews.submit(request.name, etag=request.etag, comment=request.comment)
        return wire.SubmitForReviewResponse(version=convert.version(version), warnings=convert.problems(warnings))

    def ApproveVersion(self, request: wire.ApproveVersionRequest, context: Call) -> wire.ApproveVersionResponse:
        version = self._do.reviews.approve(request.name, request.version, etag=request.etag, comment=request.comment)
        return wire.ApproveVersionResponse(version=convert.version(version))

    def RejectVersion(self, request: wire.RejectVersionRequest, context: Call) -> wire.RejectVersionResponse:
        version = self._do.reviews.reject(request.name, request.version, etag=request.etag, comment=request.comment)
        return wire.RejectVersionResponse(version=convert.version(version))

    def PublishVersion(self, request: wire.PublishVersionRequest, context: Call) -> wire.PublishVersionResponse:
        period = Period(
            valid_from=read_optional_moment(request, "valid_from"),
            valid_until=read_optional_moment(request, "valid_until"),
        )
        done = self._do.publishing.publish(
            request.name, request.version, period, etag=request.etag, comment=request.comment
        )
        return wire.PublishVersionResponse(
            version=convert.version(done.version),
            publication=convert.publication(done.publication),
            warnings=convert.problems(done.warnings),
            tests=map(convert.outcome, done.report.outcomes),
            coverage=convert.coverage(done.report.coverage),
        )

    def RetireVersion(self, request: wire.RetireVersionRequest, context: Call) -> wire.RetireVersionResponse:
        done = self._do.publishing.retire(request.name, request.version, etag=request.etag, comment=request.comment)
        return wire.RetireVersionResponse(
            versions=[convert.version(each, with_content=False) for each in done.versions],
            version_in_force=done.in_force,
        )

    def RollbackDefinition(
        self, request: wire.RollbackDefinitionRequest, context: Call
    ) -> wire.RollbackDefinitionResponse:
        done = self._do.publishing.roll_back(request.name, request.version, comment=request.comment)
        return wire.RollbackDefinitionResponse(
            version=convert.version(done.version),
            publication=convert.publication(done.publication),
            replaced_version=done.replaced,
        )

    def ListVersions(self, request: wire.ListVersionsRequest, context: Call) -> wire.ListVersionsResponse:
        found, token = self._do.reading.versions(
            request.name, page_size=request.page_size, page_token=request.page_token
        )
        return wire.ListVersionsResponse(
            versions=[convert.version(each, with_content=False) for each in found], next_page_token=token
        )

    def GetVersion(self, request: wire.GetVersionRequest, context: Call) -> wire.GetVersionResponse:
        found = self._do.reading.version(request.name, request.version)
        return wire.GetVersionResponse(version=convert.described(found))

    def DiffVersions(self, request: wire.DiffVersionsRequest, context: Call) -> wire.DiffVersionsResponse:
        instead = convert.plain(convert.content(request.definition).body) if request.HasField("definition") else None
        found = self._do.reading.diff(
            request.name, request.from_version, request.to_version, instead=instead, json_of=convert.plain
        )
        return wire.DiffVersionsResponse(
            from_version=found.before, to_version=found.after, changes=map(convert.change, found.changes)
        )

    def CheckDefinition(self, request: wire.CheckDefinitionRequest, context: Call) -> wire.CheckDefinitionResponse:
        content = convert.content(request.definition)
        found = self._do.checking.check(content)
        return wire.CheckDefinitionResponse(
            problems=convert.problems(found.problems),
            warnings=convert.problems(found.warnings),
            content_hash=content.content_hash,
            cost=0 if found.compiled is None else found.compiled.cost,
            calls=map(convert.called_version, found.calls),
        )

    def RunTests(self, request: wire.RunTestsRequest, context: Call) -> wire.RunTestsResponse:
        if request.HasField("definition") == bool(request.name):
            raise invalid_fields(FieldViolation("name", "is needed, or a definition, and not both"))
        if request.name:
            report = self._do.checking.run_cases_of(request.name, request.version)
        else:
            report = self._do.checking.run_cases(convert.content(request.definition))
        return wire.RunTestsResponse(
            tests=map(convert.outcome, report.outcomes), coverage=convert.coverage(report.coverage)
        )

    def ExportDefinitions(
        self, request: wire.ExportDefinitionsRequest, context: Call
    ) -> wire.ExportDefinitionsResponse:
        if request.version and len(request.names) > 1:
            raise invalid_fields(FieldViolation("version", "is the version of a single decision; name one"))
        found = self._do.reading.exported(request.names, request.version)
        return wire.ExportDefinitionsResponse(
            definitions=[
                wire.ExportedDefinition(
                    name=each.name,
                    version=each.number,
                    text=texts.written(each.content.body, as_json=request.format == _JSON),
                )
                for each in found
            ]
        )

    def ImportDefinition(self, request: wire.ImportDefinitionRequest, context: Call) -> wire.ImportDefinitionResponse:
        definition = texts.read(request.text, as_json=request.format == _JSON)
        written = self._do.drafts.write(convert.content(definition), etag=request.etag, comment=request.comment)
        return wire.ImportDefinitionResponse(
            version=convert.version(written.version),
            changed=written.changed,
            problems=convert.problems(written.problems),
            warnings=convert.problems(written.warnings),
        )
