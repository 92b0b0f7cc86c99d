"""Notifications over gRPC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from function.notifications.v1 import notification_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.notifications.convert import notification as convert
from function_backend.services.notifications.convert import preference as preferences
from function_backend.services.notifications.convert import template as templates
from function_backend.services.notifications.convert.variables import read_variables
from function_backend.services.notifications.ports import ChannelAdapter
from function_backend.services.notifications.service.preferences import Categories, Preferences
from function_backend.services.notifications.service.reading import Reading
from function_backend.services.notifications.service.sending import Sending
from function_backend.services.notifications.service.templates import Templates


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationUseCases:
    """What the servicer calls."""

    sending: Sending
    reading: Reading
    templates: Templates
    categories: Categories
    preferences: Preferences
    channels: Mapping[str, ChannelAdapter]


class NotificationServicer:
    """`function.notifications.v1.NotificationService`."""

    def __init__(self, use_cases: NotificationUseCases) -> None:
        self._do = use_cases

    def SendNotification(self, request: wire.SendNotificationRequest, context: Call) -> wire.SendNotificationResponse:
        place = "notification."
        (made,) = self._do.sending.send([convert.wish(request.notification, place)], places=[place])
        return wire.SendNotificationResponse(notification=convert.notification(made.notification), existed=made.existed)

    def BatchSendNotifications(
        self, request: wire.BatchSendNotificationsRequest, context: Call
    ) -> wire.BatchSendNotificationsResponse:
        places = [f"notifications[{number}]." for number in range(len(request.notifications))]
        wishes = [convert.wish(each, place) for each, place in zip(request.notifications, places, strict=True)]
        made = self._do.sending.send(wishes, places=places)
        return wire.BatchSendNotificationsResponse(
            notifications=[convert.notification(each.notification) for each in made]
        )

    def GetNotification(self, request: wire.GetNotificationRequest, context: Call) -> wire.GetNotificationResponse:
        found = self._do.reading.get(parse_id(request.id))
        return wire.GetNotificationResponse(notification=convert.notification(found))

    def ListNotifications(
        self, request: wire.ListNotificationsRequest, context: Call
    ) -> wire.ListNotificationsResponse:
        found, token = self._do.reading.list_page(
            convert.wanted(request), page_size=request.page_size, page_token=request.page_token
        )
        return wire.ListNotificationsResponse(notifications=map(convert.notification, found), next_page_token=token)

    def CancelNotification(
        self, request: wire.CancelNotificationRequest, context: Call
    ) -> wire.CancelNotificationResponse:
        cancelled = self._do.reading.cancel(parse_id(request.id))
        return wire.CancelNotificationResponse(notification=convert.notification(cancelled))

    def ReportDelivery(self, request: wire.ReportDeliveryRequest, context: Call) -> wire.ReportDeliveryResponse:
        reported = self._do.reading.report(
            request.channel, request.provider_id, delivered=request.delivered, failure=request.failure
        )
        return wire.ReportDeliveryResponse(notification=convert.notification(reported))

    def ListChannels(self, request: wire.ListChannelsRequest, context: Call) -> wire.ListChannelsResponse:
        return wire.ListChannelsResponse(
            channels=[convert.channel(name, adapter) for name, adapter in self._do.channels.items()]
        )

    def CreateTemplate(self, request: wire.CreateTemplateRequest, context: Call) -> wire.CreateTemplateResponse:
        given = request.template
        made = self._do.templates.create(given.name, given.language, templates.body(given))
        return wire.CreateTemplateResponse(template=templates.template(made))

    def GetTemplate(self, request: wire.GetTemplateRequest, context: Call) -> wire.GetTemplateResponse:
        found = self._do.templates.get(request.name, request.language, version=request.version)
        return wire.GetTemplateResponse(template=templates.template(found))

    def ListTemplates(self, request: wire.ListTemplatesRequest, context: Call) -> wire.ListTemplatesResponse:
        if request.built_in:
            found, token = self._do.templates.built_in(request.name_prefix), ""
        else:
            found, token = self._do.templates.list_page(
                request.name_prefix, page_size=request.page_size, page_token=request.page_token
            )
        return wire.ListTemplatesResponse(
            templates=[templates.template(each, with_content=False) for each in found], next_page_token=token
        )

    def UpdateTemplate(self, request: wire.UpdateTemplateRequest, context: Call) -> wire.UpdateTemplateResponse:
        given = request.template
        changed = self._do.templates.update(given.name, given.language, templates.body(given), etag=given.etag)
        return wire.UpdateTemplateResponse(template=templates.template(changed))

    def DeleteTemplate(self, request: wire.DeleteTemplateRequest, context: Call) -> wire.DeleteTemplateResponse:
        gone = self._do.templates.delete(request.name, request.language, etag=request.etag)
        return wire.DeleteTemplateResponse(template=templates.template(gone))

    def ListTemplateVersions(
        self, request: wire.ListTemplateVersionsRequest, context: Call
    ) -> wire.ListTemplateVersionsResponse:
        found, token = self._do.templates.versions(
            request.name, request.language, page_size=request.page_size, page_token=request.page_token
        )
        return wire.ListTemplateVersionsResponse(templates=map(templates.template, found), next_page_token=token)

    def PreviewTemplate(self, request: wire.PreviewTemplateRequest, context: Call) -> wire.PreviewTemplateResponse:
        variables = read_variables(request.variables, "variables")
        if request.WhichOneof("source") == "template":
            given = request.template
            shown = self._do.templates.preview_unsaved(given.name, given.language, templates.body(given), variables)
        else:
            shown = self._do.templates.preview(request.name, request.language, variables)
        return wire.PreviewTemplateResponse(
            content=templates.rendered(shown.rendered),
            language=shown.template.language,
            version=shown.template.version,
        )

    def SetCategory(self, request: wire.SetCategoryRequest, context: Call) -> wire.SetCategoryResponse:
        made = self._do.categories.set(preferences.read_category(request.category))
        return wire.SetCategoryResponse(category=preferences.category(made))

    def ListCategories(self, request: wire.ListCategoriesRequest, context: Call) -> wire.ListCategoriesResponse:
        return wire.ListCategoriesResponse(categories=map(preferences.category, self._do.categories.list()))

    def DeleteCategory(self, request: wire.DeleteCategoryRequest, context: Call) -> wire.DeleteCategoryResponse:
        return wire.DeleteCategoryResponse(category=preferences.category(self._do.categories.delete(request.name)))

    def SetPreference(self, request: wire.SetPreferenceRequest, context: Call) -> wire.SetPreferenceResponse:
        holder = convert.holder(request.holder, request.channel)
        said = self._do.preferences.set(holder, request.category, request.channel, subscribed=request.subscribed)
        return wire.SetPreferenceResponse(preference=preferences.preference(said))

    def ListPreferences(self, request: wire.ListPreferencesRequest, context: Call) -> wire.ListPreferencesResponse:
        found = self._do.preferences.list(convert.holder(request.holder, request.channel))
        return wire.ListPreferencesResponse(preferences=map(preferences.preference, found))

    def Unsubscribe(self, request: wire.UnsubscribeRequest, context: Call) -> wire.UnsubscribeResponse:
        ended = self._do.preferences.unsubscribe(request.token)
        return wire.UnsubscribeResponse(category=ended.category, channel=ended.channel)
