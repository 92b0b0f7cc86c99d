"""Notifications of the caller's tenant, and what they say to whom.

Written by make generate.
"""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.struct_pb2 import Struct

from function.notifications.v1 import (
    notification_pb2,
    notification_service_pb2,
    notification_service_pb2_grpc,
    preference_pb2,
    template_pb2,
)
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Notifications:
    """Notifications of the caller's tenant, and what they say to whom.

    Every method raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: notification_service_pb2_grpc.NotificationServiceStub) -> None:
        self._stub = stub

    def send(
        self,
        notification: notification_pb2.NotificationWish,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> notification_service_pb2.SendNotificationResponse:
        """Takes a notification on.

        It is written with the template at once, so that what is wrong with it is told here, and sent in the background.
        """
        request = notification_service_pb2.SendNotificationRequest(
            notification=notification, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.SendNotification(request, timeout=timeout)

    def batch_send(
        self,
        notifications: Iterable[notification_pb2.NotificationWish],
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> notification_service_pb2.BatchSendNotificationsResponse:
        """Takes several notifications on, all of them or none."""
        request = notification_service_pb2.BatchSendNotificationsRequest(
            notifications=notifications, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.BatchSendNotifications(request, timeout=timeout)

    def get(
        self,
        notification_id: str,
        *,
        timeout: float | None = None,
    ) -> notification_pb2.Notification:
        """Returns a notification, without what it says."""
        request = notification_service_pb2.GetNotificationRequest(id=notification_id)
        return self._stub.GetNotification(request, timeout=timeout).notification

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        states: Iterable[notification_pb2.NotificationState.ValueType] = (),
        template: str = "",
        category: str = "",
        channel: str = "",
        recipient: preference_pb2.PreferenceHolder | None = None,
        key: str = "",
        timeout: float | None = None,
    ) -> Pager[notification_pb2.Notification]:
        """Returns the notifications, the latest first, page by page."""
        request = notification_service_pb2.ListNotificationsRequest(
            page_size=page_size,
            page_token=page_token,
            states=states,
            template=template,
            category=category,
            channel=channel,
            recipient=recipient,
            key=key,
        )

        def fetch(token: str) -> Page[notification_pb2.Notification]:
            response = self._stub.ListNotifications(requests.at_page(request, token), timeout=timeout)
            return Page(response.notifications, response.next_page_token)

        return Pager(fetch, page_token)

    def cancel(
        self,
        notification_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> notification_pb2.Notification:
        """Cancels a notification that is not sent yet; one that is cancelled stays so."""
        request = notification_service_pb2.CancelNotificationRequest(
            id=notification_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.CancelNotification(request, timeout=timeout).notification

    def report_delivery(
        self,
        channel: str,
        provider_id: str,
        *,
        delivered: bool = False,
        failure: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> notification_pb2.Notification:
        """Takes down what the provider reports of a notification that it took: that it has arrived, or that it will ….

        … not. For whoever receives the provider's callbacks.
        """
        request = notification_service_pb2.ReportDeliveryRequest(
            channel=channel,
            provider_id=provider_id,
            delivered=delivered,
            failure=failure,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.ReportDelivery(request, timeout=timeout).notification

    def list_channels(
        self,
        *,
        timeout: float | None = None,
    ) -> notification_service_pb2.ListChannelsResponse:
        """Returns the channels that the operator has set up."""
        request = notification_service_pb2.ListChannelsRequest()
        return self._stub.ListChannels(request, timeout=timeout)

    def create_template(
        self,
        template: template_pb2.Template,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> template_pb2.Template:
        """Creates a template, also under the name of a built-in one, which it stands before then."""
        request = notification_service_pb2.CreateTemplateRequest(
            template=template, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.CreateTemplate(request, timeout=timeout).template

    def get_template(
        self,
        name: str,
        language: str,
        *,
        version: int = 0,
        timeout: float | None = None,
    ) -> template_pb2.Template:
        """Returns a template of the tenant, or the built-in one where the tenant has none.

        The language is taken as it stands, without falling back.
        """
        request = notification_service_pb2.GetTemplateRequest(name=name, language=language, version=version)
        return self._stub.GetTemplate(request, timeout=timeout).template

    def list_templates(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        name_prefix: str = "",
        built_in: bool = False,
        timeout: float | None = None,
    ) -> Pager[template_pb2.Template]:
        """Returns the templates of the tenant in order of name and language, page by page, without what they say."""
        request = notification_service_pb2.ListTemplatesRequest(
            page_size=page_size, page_token=page_token, name_prefix=name_prefix, built_in=built_in
        )

        def fetch(token: str) -> Page[template_pb2.Template]:
            response = self._stub.ListTemplates(requests.at_page(request, token), timeout=timeout)
            return Page(response.templates, response.next_page_token)

        return Pager(fetch, page_token)

    def update_template(
        self,
        template: template_pb2.Template,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> template_pb2.Template:
        """Writes another version of a template, which replaces the one before as a whole.

        Nothing is written when nothing differs.
        """
        request = notification_service_pb2.UpdateTemplateRequest(
            template=template, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.UpdateTemplate(request, timeout=timeout).template

    def delete_template(
        self,
        name: str,
        language: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> template_pb2.Template:
        """Deletes a template with its versions; a built-in one of its name counts again."""
        request = notification_service_pb2.DeleteTemplateRequest(
            name=name,
            language=language,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.DeleteTemplate(request, timeout=timeout).template

    def list_template_versions(
        self,
        name: str,
        language: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[template_pb2.Template]:
        """Returns the versions of a template of the tenant, the latest first, page by page."""
        request = notification_service_pb2.ListTemplateVersionsRequest(
            name=name, language=language, page_size=page_size, page_token=page_token
        )

        def fetch(token: str) -> Page[template_pb2.Template]:
            response = self._stub.ListTemplateVersions(requests.at_page(request, token), timeout=timeout)
            return Page(response.templates, response.next_page_token)

        return Pager(fetch, page_token)

    def preview_template(
        self,
        *,
        name: str | None = None,
        template: template_pb2.Template | None = None,
        language: str = "",
        variables: Struct | None = None,
        timeout: float | None = None,
    ) -> notification_service_pb2.PreviewTemplateResponse:
        """Writes what a template says with variables, and sends nothing: of the template that would be used for a ….

        … language, or of one that is not saved.
        """
        request = notification_service_pb2.PreviewTemplateRequest(
            template=template, language=language, variables=variables
        )
        if name is not None:
            request.name = name
        return self._stub.PreviewTemplate(request, timeout=timeout)

    def set_category(
        self,
        category: preference_pb2.Category,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> preference_pb2.Category:
        """Creates a category or changes it as a whole."""
        request = notification_service_pb2.SetCategoryRequest(
            category=category, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.SetCategory(request, timeout=timeout).category

    def list_categories(
        self,
        *,
        timeout: float | None = None,
    ) -> notification_service_pb2.ListCategoriesResponse:
        """Returns the categories, the built-in ones first."""
        request = notification_service_pb2.ListCategoriesRequest()
        return self._stub.ListCategories(request, timeout=timeout)

    def delete_category(
        self,
        name: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> preference_pb2.Category:
        """Deletes a category that no template is in."""
        request = notification_service_pb2.DeleteCategoryRequest(
            name=name, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.DeleteCategory(request, timeout=timeout).category

    def set_preference(
        self,
        holder: preference_pb2.PreferenceHolder,
        category: str,
        *,
        channel: str = "",
        subscribed: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> preference_pb2.Preference:
        """Says whether somebody wants notifications of a category by a channel, or by any."""
        request = notification_service_pb2.SetPreferenceRequest(
            holder=holder,
            category=category,
            channel=channel,
            subscribed=subscribed,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.SetPreference(request, timeout=timeout).preference

    def list_preferences(
        self,
        holder: preference_pb2.PreferenceHolder,
        *,
        channel: str = "",
        timeout: float | None = None,
    ) -> notification_service_pb2.ListPreferencesResponse:
        """Returns what was said about the wishes of a user, or of whoever has an address."""
        request = notification_service_pb2.ListPreferencesRequest(holder=holder, channel=channel)
        return self._stub.ListPreferences(request, timeout=timeout)

    def unsubscribe(
        self,
        token: str,
        *,
        timeout: float | None = None,
    ) -> notification_service_pb2.UnsubscribeResponse:
        """Ends the notifications of a category by a channel for whoever has the link; the token stands in it.

        `SetPreference` takes it back.
        """
        request = notification_service_pb2.UnsubscribeRequest(token=token)
        return self._stub.Unsubscribe(request, timeout=timeout)


class AsyncNotifications:
    """As `Notifications`, with `await`."""

    def __init__(self, stub: notification_service_pb2_grpc.NotificationServiceAsyncStub) -> None:
        self._stub = stub

    async def send(
        self,
        notification: notification_pb2.NotificationWish,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> notification_service_pb2.SendNotificationResponse:
        """Takes a notification on.

        It is written with the template at once, so that what is wrong with it is told here, and sent in the background.
        """
        request = notification_service_pb2.SendNotificationRequest(
            notification=notification, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.SendNotification(request, timeout=timeout)

    async def batch_send(
        self,
        notifications: Iterable[notification_pb2.NotificationWish],
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> notification_service_pb2.BatchSendNotificationsResponse:
        """Takes several notifications on, all of them or none."""
        request = notification_service_pb2.BatchSendNotificationsRequest(
            notifications=notifications, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.BatchSendNotifications(request, timeout=timeout)

    async def get(
        self,
        notification_id: str,
        *,
        timeout: float | None = None,
    ) -> notification_pb2.Notification:
        """Returns a notification, without what it says."""
        request = notification_service_pb2.GetNotificationRequest(id=notification_id)
        return (await self._stub.GetNotification(request, timeout=timeout)).notification

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        states: Iterable[notification_pb2.NotificationState.ValueType] = (),
        template: str = "",
        category: str = "",
        channel: str = "",
        recipient: preference_pb2.PreferenceHolder | None = None,
        key: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[notification_pb2.Notification]:
        """Returns the notifications, the latest first, page by page."""
        request = notification_service_pb2.ListNotificationsRequest(
            page_size=page_size,
            page_token=page_token,
            states=states,
            template=template,
            category=category,
            channel=channel,
            recipient=recipient,
            key=key,
        )

        async def fetch(token: str) -> Page[notification_pb2.Notification]:
            response = await self._stub.ListNotifications(requests.at_page(request, token), timeout=timeout)
            return Page(response.notifications, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def cancel(
        self,
        notification_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> notification_pb2.Notification:
        """Cancels a notification that is not sent yet; one that is cancelled stays so."""
        request = notification_service_pb2.CancelNotificationRequest(
            id=notification_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.CancelNotification(request, timeout=timeout)).notification

    async def report_delivery(
        self,
        channel: str,
        provider_id: str,
        *,
        delivered: bool = False,
        failure: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> notification_pb2.Notification:
        """Takes down what the provider reports of a notification that it took: that it has arrived, or that it will ….

        … not. For whoever receives the provider's callbacks.
        """
        request = notification_service_pb2.ReportDeliveryRequest(
            channel=channel,
            provider_id=provider_id,
            delivered=delivered,
            failure=failure,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.ReportDelivery(request, timeout=timeout)).notification

    async def list_channels(
        self,
        *,
        timeout: float | None = None,
    ) -> notification_service_pb2.ListChannelsResponse:
        """Returns the channels that the operator has set up."""
        request = notification_service_pb2.ListChannelsRequest()
        return await self._stub.ListChannels(request, timeout=timeout)

    async def create_template(
        self,
        template: template_pb2.Template,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> template_pb2.Template:
        """Creates a template, also under the name of a built-in one, which it stands before then."""
        request = notification_service_pb2.CreateTemplateRequest(
            template=template, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.CreateTemplate(request, timeout=timeout)).template

    async def get_template(
        self,
        name: str,
        language: str,
        *,
        version: int = 0,
        timeout: float | None = None,
    ) -> template_pb2.Template:
        """Returns a template of the tenant, or the built-in one where the tenant has none.

        The language is taken as it stands, without falling back.
        """
        request = notification_service_pb2.GetTemplateRequest(name=name, language=language, version=version)
        return (await self._stub.GetTemplate(request, timeout=timeout)).template

    def list_templates(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        name_prefix: str = "",
        built_in: bool = False,
        timeout: float | None = None,
    ) -> AsyncPager[template_pb2.Template]:
        """Returns the templates of the tenant in order of name and language, page by page, without what they say."""
        request = notification_service_pb2.ListTemplatesRequest(
            page_size=page_size, page_token=page_token, name_prefix=name_prefix, built_in=built_in
        )

        async def fetch(token: str) -> Page[template_pb2.Template]:
            response = await self._stub.ListTemplates(requests.at_page(request, token), timeout=timeout)
            return Page(response.templates, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def update_template(
        self,
        template: template_pb2.Template,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> template_pb2.Template:
        """Writes another version of a template, which replaces the one before as a whole.

        Nothing is written when nothing differs.
        """
        request = notification_service_pb2.UpdateTemplateRequest(
            template=template, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.UpdateTemplate(request, timeout=timeout)).template

    async def delete_template(
        self,
        name: str,
        language: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> template_pb2.Template:
        """Deletes a template with its versions; a built-in one of its name counts again."""
        request = notification_service_pb2.DeleteTemplateRequest(
            name=name,
            language=language,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.DeleteTemplate(request, timeout=timeout)).template

    def list_template_versions(
        self,
        name: str,
        language: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[template_pb2.Template]:
        """Returns the versions of a template of the tenant, the latest first, page by page."""
        request = notification_service_pb2.ListTemplateVersionsRequest(
            name=name, language=language, page_size=page_size, page_token=page_token
        )

        async def fetch(token: str) -> Page[template_pb2.Template]:
            response = await self._stub.ListTemplateVersions(requests.at_page(request, token), timeout=timeout)
            return Page(response.templates, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def preview_template(
        self,
        *,
        name: str | None = None,
        template: template_pb2.Template | None = None,
        language: str = "",
        variables: Struct | None = None,
        timeout: float | None = None,
    ) -> notification_service_pb2.PreviewTemplateResponse:
        """Writes what a template says with variables, and sends nothing: of the template that would be used for a ….

        … language, or of one that is not saved.
        """
        request = notification_service_pb2.PreviewTemplateRequest(
            template=template, language=language, variables=variables
        )
        if name is not None:
            request.name = name
        return await self._stub.PreviewTemplate(request, timeout=timeout)

    async def set_category(
        self,
        category: preference_pb2.Category,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> preference_pb2.Category:
        """Creates a category or changes it as a whole."""
        request = notification_service_pb2.SetCategoryRequest(
            category=category, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.SetCategory(request, timeout=timeout)).category

    async def list_categories(
        self,
        *,
        timeout: float | None = None,
    ) -> notification_service_pb2.ListCategoriesResponse:
        """Returns the categories, the built-in ones first."""
        request = notification_service_pb2.ListCategoriesRequest()
        return await self._stub.ListCategories(request, timeout=timeout)

    async def delete_category(
        self,
        name: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> preference_pb2.Category:
        """Deletes a category that no template is in."""
        request = notification_service_pb2.DeleteCategoryRequest(
            name=name, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.DeleteCategory(request, timeout=timeout)).category

    async def set_preference(
        self,
        holder: preference_pb2.PreferenceHolder,
        category: str,
        *,
        channel: str = "",
        subscribed: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> preference_pb2.Preference:
        """Says whether somebody wants notifications of a category by a channel, or by any."""
        request = notification_service_pb2.SetPreferenceRequest(
            holder=holder,
            category=category,
            channel=channel,
            subscribed=subscribed,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.SetPreference(request, timeout=timeout)).preference

    async def list_preferences(
        self,
        holder: preference_pb2.PreferenceHolder,
        *,
        channel: str = "",
        timeout: float | None = None,
    ) -> notification_service_pb2.ListPreferencesResponse:
        """Returns what was said about the wishes of a user, or of whoever has an address."""
        request = notification_service_pb2.ListPreferencesRequest(holder=holder, channel=channel)
        return await self._stub.ListPreferences(request, timeout=timeout)

    async def unsubscribe(
        self,
        token: str,
        *,
        timeout: float | None = None,
    ) -> notification_service_pb2.UnsubscribeResponse:
        """Ends the notifications of a category by a channel for whoever has the link; the token stands in it.

        `SetPreference` takes it back.
        """
        request = notification_service_pb2.UnsubscribeRequest(token=token)
        return await self._stub.Unsubscribe(request, timeout=timeout)
