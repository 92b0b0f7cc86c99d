"""Wires the folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from function_backend.jobs.purging import Purge, purge_schedule
from function_backend.kernel.jobs import Schedule
from function_backend.kernel.slice import Chore, Slice
from function_backend.persistence.notifications import EPOCH_TOPIC
from function_backend.resources import Resources
from function_backend.services.auth.adapters.session_uses import SessionUses
from function_backend.services.auth.adapters.states import Subjects
from function_backend.services.auth.convert.event_payloads import EVENT_PAYLOADS
from function_backend.services.auth.domain import names as people_names
from function_backend.services.auth.domain.built_in_roles import BuiltInRoles
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.domain.relations import grammar as schema_grammar
from function_backend.services.auth.domain.tenant_settings import TenantRules
from function_backend.services.auth.ports import AdministratorGuard
from function_backend.services.auth.repository.entitlement import EntitlementRepository
from function_backend.services.auth.repository.sealed import SEALED_PLACES
from function_backend.services.auth.repository.session import purge_grants
from function_backend.services.auth.repository.tenant_content import TENANT_EXPORTERS, TENANT_SHREDDERS
from function_backend.services.auth.service.api_key_changes import ApiKeyChanges
from function_backend.services.auth.service.api_key_import import FOREIGN_PREFIX_TOPIC, ApiKeyImport
from function_backend.services.auth.service.api_keys import ApiKeyService
from function_backend.services.auth.service.certificate_identities import CertificateIdentityService
from function_backend.services.auth.service.checking import check_credentials
from function_backend.services.auth.service.data_keys import DataKeyService
from function_backend.services.auth.service.granting import KeyOwners
from function_backend.services.auth.service.grants import GrantNeeds, open_grants
from function_backend.services.auth.service.guards import RoleGuards
from function_backend.services.auth.service.keys import open_keys
from function_backend.services.auth.service.people import Surroundings, open_people
from function_backend.services.auth.service.permissions import PermissionService
from function_backend.services.auth.service.relations import open_relations
from function_backend.services.auth.service.revocation import REVOCATION_TOPIC, TOLD_EPOCH_TOPIC
from function_backend.services.auth.service.role_bindings import RoleBindingService
from function_backend.services.auth.service.roles import RoleService
from function_backend.services.auth.service.session_ending import StoredSessionEnd
from function_backend.services.auth.service.signing_keys import SIGNING_KEY_TOPIC
from function_backend.services.auth.service.standing import Standing
from function_backend.services.auth.service.tenant_export import ExportTenant
from function_backend.services.auth.service.tenant_life import TenantLife
from function_backend.services.auth.service.tenant_policy import TENANT_TOPIC, TenantPolicy
from function_backend.services.auth.service.tenants import TenantService
from function_backend.services.auth.service.user_notices import UserNotices
from function_backend.services.auth.servicer.api_key import ApiKeyServicer
from function_backend.services.auth.servicer.certificate_identity import CertificateIdentityServicer
from function_backend.services.auth.servicer.client_credential import ClientCredentialServicer
from function_backend.services.auth.servicer.credential import CredentialServicer
from function_backend.services.auth.servicer.data_key import DataKeyServicer
from function_backend.services.auth.servicer.group import GroupServicer
from function_backend.services.auth.servicer.master_key import MasterKeyServicer
from function_backend.services.auth.servicer.oauth import OAuthServicer, OAuthUseCases
from function_backend.services.auth.servicer.permission import PermissionServicer
from function_backend.services.auth.servicer.permission_check import PermissionCheckServicer
from function_backend.services.auth.servicer.relation_schema import RelationSchemaServicer
from function_backend.services.auth.servicer.relationship import RelationshipServicer
from function_backend.services.auth.servicer.role import RoleServicer
from function_backend.services.auth.servicer.role_binding import RoleBindingServicer
from function_backend.services.auth.servicer.second_factor import SecondFactorServicer
from function_backend.services.auth.servicer.service_account import ServiceAccountServicer
from function_backend.services.auth.servicer.session import SessionServicer
from function_backend.services.auth.servicer.signing_key import SigningKeyServicer
from function_backend.services.auth.servicer.tenant import TenantServicer, TenantUseCases
from function_backend.services.auth.servicer.user import UserServicer, UserUseCases
from function_backend.services.auth.settings import AuthSettings
from function_backend.vault.resealing import Resealing

_KEY_CHORE_SECONDS = 15.0
_SESSION_USES_SECONDS = 10.0
_EXPIRED_GRANTS_KEPT = timedelta(hours=1)
"""How long a device that goes on asking hears that its time is over, rather than that nobody knows of it."""
_ENDED_SESSIONS_KEPT = timedelta(days=30)
"""How long people see that there was a session, after it would have ended by itself."""


def build(resources: Resources, settings: AuthSettings) -> Slice:
    """The servicers of the folder, and the authenticator that knows all credentials."""
    names = resources.permission_catalogue | frozenset(settings.further_permissions)
    catalogue = PermissionCatalogue(names, resources.methods)
    built_in = BuiltInRoles(catalogue)
    guards = RoleGuards(built_in, resources.clock, resources.transactions)
    rules = TenantRules(access_token_lifetime=settings.access_token_lifetime)
    policy = TenantPolicy(rules)
    notices = UserNotices(resources.notices)
    keys = open_keys(resources, settings.key_policy)
    entitlements = EntitlementRepository(built_in.by_id, now=resources.clock.now)
    people = open_people(
        resources,
        settings.sign_in_policy,
        Surroundings(
            secret_box=keys.vault,
            policies=policy,
            entitlements=entitlements,
            grants=guards,
            administrators=guards,
            sessions=StoredSessionEnd(resources.clock),
            notices=notices,
        ),
    )
    session_uses = SessionUses(resources.clock)
    checking = check_credentials(
        resources,
        reader=keys.reader,
        entitlements=entitlements,
        remembered=settings.remembered_keys,
        remembered_for=settings.remembered_for,
        note_session=session_uses.note,
    )
    authenticator = checking.authenticator
    grant_rules = settings.grant_rules
    grants = open_grants(
        resources,
        grant_rules,
        GrantNeeds(
            issuer=keys.issuer,
            reader=keys.reader,
            keys=keys.ring,
            sign_in=people.sign_in,
            entitlements=entitlements,
            policy=policy,
            catalogue=catalogue,
            authenticator=authenticator,
            notices=notices,
        ),
    )
    relations = open_relations(resources, settings.relation_policy)
    resealing = Resealing(resources.transactions, resources.sealed_places, resources.clock)
    return Slice(
        name="auth",
        servicers={
            **_tenant_servicers(resources, catalogue, rules),
            **_key_servicers(resources, catalogue, guards, Standing(entitlements, guards, guards)),
            **_role_servicers(resources, catalogue, built_in, guards),
            "function.auth.v1.SigningKeyService": SigningKeyServicer(keys.signing_keys, resources.clock),
            "function.auth.v1.MasterKeyService": MasterKeyServicer(keys.master_keys),
            "function.auth.v1.DataKeyService": DataKeyServicer(
                DataKeyService(
                    transactions=resources.transactions,
                    clock=resources.clock,
                    vault=resources.vault,
                    jobs=resources.jobs,
                )
            ),
            "function.auth.v1.ClientCredentialService": ClientCredentialServicer(grants.client_credentials),
            "function.auth.v1.SessionService": SessionServicer(grants.sessions),
            "function.auth.v1.OAuthService": OAuthServicer(
                OAuthUseCases(
                    tokens=grants.tokens,
                    introspection=grants.introspection,
                    revocation=grants.revocation,
                    devices=grants.devices,
                    publication=grants.publication,
                ),
                issuer=grant_rules.issuer,
                device_page=grant_rules.device_page,
            ),
            "function.auth.v1.UserService": UserServicer(
                UserUseCases(
                    users=people.users,
                    states=people.states,
                    invitations=people.invitations,
                    passwords=people.passwords,
                    importing=people.importing,
                ),
                resources.clock,
            ),
            "function.auth.v1.SecondFactorService": SecondFactorServicer(people.second_factors, resources.clock),
            "function.auth.v1.ServiceAccountService": ServiceAccountServicer(people.service_accounts),
            "function.auth.v1.GroupService": GroupServicer(people.groups, people.memberships),
            "function.auth.v1.CredentialService": CredentialServicer(checking.credentials, checking.revocations),
            "function.auth.v1.RelationSchemaService": RelationSchemaServicer(relations.schemas),
            "function.auth.v1.RelationshipService": RelationshipServicer(relations.relationships),
            "function.auth.v1.PermissionCheckService": PermissionCheckServicer(relations.checks, relations.lists),
        },
        event_payloads=EVENT_PAYLOADS,
        invalidations={
            REVOCATION_TOPIC: each_of(authenticator.forget_revoked, keys.revoked, checking.feed.wake),
            TOLD_EPOCH_TOPIC: authenticator.hear_epoch,
            EPOCH_TOPIC: each_of(authenticator.find_epoch, keys.forget, checking.feed.wake),
            FOREIGN_PREFIX_TOPIC: checking.lookup.hear_prefix,
            TENANT_TOPIC: policy.forget,
            SIGNING_KEY_TOPIC: keys.ring.forget,
        },
        # Not the told epochs: a worker that heard one through Redis may have lost the revocation before it.
        pushed=frozenset({REVOCATION_TOPIC}),
        cache_resets=(authenticator.forget, policy.forget, keys.forget),
        caches={
            "credentials": authenticator.cache,
            "tenant rules": policy.cache,
            "data keys": keys.vault.cache,
            "relation schemas": relations.plans.statistics,
        },
        warm_ups=(schema_grammar.parser, people_names.warm_up),
        chores=(
            Chore(_KEY_CHORE_SECONDS, keys.signing_keys.rotate_when_due),
            Chore(_SESSION_USES_SECONDS, session_uses.write),
            *checking.chores,
        ),
        sealed_places=SEALED_PLACES,
        schedules=(
            resealing.schedule(),
            *_purges(
                resources,
                grants=lambda driver, now: purge_grants(
                    driver,
                    expired_before=now - _EXPIRED_GRANTS_KEPT,
                    sessions_over_before=now - _ENDED_SESSIONS_KEPT,
                ),
                sign_ins=lambda driver, _: people.purge(driver),
                relation_decisions=lambda driver, _: relations.purge(driver),
                revocations=lambda driver, _: checking.feed.purge(driver),
            ),
        ),
        authenticator=authenticator,
        endings=(checking.feed.end,),
        closings=(people.close,),
    )


def _tenant_servicers(resources: Resources, catalogue: PermissionCatalogue, rules: TenantRules) -> dict[str, object]:
    """The servicer of tenants."""
    transactions, clock, page_tokens = resources.transactions, resources.clock, resources.page_tokens
    use_cases = TenantUseCases(
        tenants=TenantService(transactions=transactions, clock=clock, page_tokens=page_tokens, catalogue=catalogue),
        life=TenantLife(transactions=transactions, clock=clock, shredders=TENANT_SHREDDERS),
        exporting=ExportTenant(
            transactions=transactions, clock=clock, page_tokens=page_tokens, exporters=TENANT_EXPORTERS
        ),
    )
    return {"function.auth.v1.TenantService": TenantServicer(use_cases, rules)}


def _key_servicers(
    resources: Resources, catalogue: PermissionCatalogue, administrators: AdministratorGuard, standing: Standing
) -> dict[str, object]:
    """The servicers of API keys and certificate identities."""
    transactions, clock, page_tokens = resources.transactions, resources.clock, resources.page_tokens
    subjects = Subjects()
    owners = KeyOwners(subjects=subjects, standing=standing)
    keys = ApiKeyService(
        transactions=transactions,
        clock=clock,
        page_tokens=page_tokens,
        catalogue=catalogue,
        owners=owners,
        administrators=administrators,
        notices=UserNotices(resources.notices),
    )
    changes = ApiKeyChanges(
        transactions=transactions, clock=clock, catalogue=catalogue, administrators=administrators, owners=owners
    )
    importing = ApiKeyImport(transactions=transactions, clock=clock, catalogue=catalogue, owners=owners)
    certificates = CertificateIdentityService(
        transactions=transactions, clock=clock, page_tokens=page_tokens, subjects=subjects
    )
    return {
        "function.auth.v1.ApiKeyService": ApiKeyServicer(keys, changes, importing),
        "function.auth.v1.CertificateIdentityService": CertificateIdentityServicer(certificates),
    }


def _role_servicers(
    resources: Resources, catalogue: PermissionCatalogue, built_in: BuiltInRoles, guards: RoleGuards
) -> dict[str, object]:
    """The servicers of permissions, roles and role bindings."""
    transactions, clock, page_tokens = resources.transactions, resources.clock, resources.page_tokens
    permissions = PermissionService(
        transactions=transactions, page_tokens=page_tokens, catalogue=catalogue, built_in=built_in
    )
    roles = RoleService(
        transactions=transactions,
        clock=clock,
        page_tokens=page_tokens,
        catalogue=catalogue,
        built_in=built_in,
        guards=guards,
    )
    bindings = RoleBindingService(
        transactions=transactions, clock=clock, page_tokens=page_tokens, built_in=built_in, guards=guards
    )
    return {
        "function.auth.v1.PermissionService": PermissionServicer(permissions),
        "function.auth.v1.RoleService": RoleServicer(roles),
        "function.auth.v1.RoleBindingService": RoleBindingServicer(bindings),
    }


def _purges(resources: Resources, **purges: Purge) -> tuple[Schedule, ...]:
    """A schedule for each, by what it deletes."""
    return tuple(
        purge_schedule(f"auth.purge_{what}", purge, transactions=resources.transactions, clock=resources.clock)
        for what, purge in purges.items()
    )


def each_of(*hear: Callable[[str], None]) -> Callable[[str], None]:
    """One function that hands what was heard to each of these."""

    def all_of_them(text: str) -> None:
        for each in hear:
            each(text)

    return all_of_them
