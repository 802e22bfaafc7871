"""By which numbers the state knows a client: the tax number, and of Russian ones КПП and ОГРН."""

from aggregates.merging import WithMerges
from aggregates.tax_id import registration_key, tax_id_key
from events.client import RegistrationNumberCorrected, TaxIdCorrected
from events.registration import HOME_COUNTRY
from events.values import Confidence, RegistrationNumber


class WithRegistration(WithMerges):
    """A client whose numbers are given, and corrected."""

    def correct_tax_id(
        self,
        tax_id: str | None,
        *,
        source: str,
        country: str = HOME_COUNTRY,
        confidence: Confidence = Confidence.STATED,
    ) -> None:
        """Record the right tax number, or that there is none; the present one records nothing."""
        right = None if tax_id is None else tax_id_key(tax_id, self.kind, country)
        if (right, country) == (self.tax_id, self.tax_country) and not self.is_tax_id_wrong:
            return
        if right is self.tax_id is None:
            return
        self.check_own_numbers()
        self.trigger_event(
            TaxIdCorrected,
            from_tax_id=self.tax_id,
            to_tax_id=right,
            source=source,
            confidence=confidence,
            from_country=self.tax_country,
            to_country=country,
        )

    def correct_registration_number(
        self,
        number: RegistrationNumber,
        value: str | None,
        *,
        source: str,
        confidence: Confidence = Confidence.STATED,
    ) -> None:
        """Record the right КПП or ОГРН, or that there is none; the present one records nothing."""
        right = None if value is None else registration_key(number, value, self.kind)
        known: str | None = getattr(self, number)
        if right == known:
            return
        self.check_own_numbers()
        self.trigger_event(
            RegistrationNumberCorrected,
            number=number,
            from_value=known,
            to_value=right,
            source=source,
            confidence=confidence,
        )
