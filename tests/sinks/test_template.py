import pytest

from function_backend.sinks.template import Template

_EVENT = {
    "tenant": "t1",
    "type": "function.company.v1.CompanyCreated",
    "subject_type": "company",
    "subject": "c1",
}


class TestTemplate:
    def test_fields_are_filled_from_the_event(self) -> None:
        template = Template("e.{tenant}.{domain}.{event}.{subject_type}.{subject}")

        assert template.fill(**_EVENT) == "e.t1.company.CompanyCreated.company.c1"

    def test_a_field_that_there_is_not_is_named(self) -> None:
        with pytest.raises(ValueError, match=r"^topic has \{tennant\}, which there is not; there are \{domain\}"):
            Template.check("topic", "e.{tennant}")

    @pytest.mark.parametrize("text", ["e.{tenant", "e.}", ""])
    def test_a_broken_template_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"^topic "):
            Template.check("topic", text)

    def test_a_field_beside_a_word_has_no_wildcard_and_is_refused(self) -> None:
        with pytest.raises(ValueError, match="between two"):
            Template.check("subject", "e.x{tenant}", separator=".")

    def test_the_wildcard_takes_the_place_of_every_word(self) -> None:
        assert Template("e.{tenant}.{type}").wildcard() == "e.*.*.*.*.*"
