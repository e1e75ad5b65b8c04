import { AdministrationPage } from "@/features/administration/administration-page";
import { SecurityEventList } from "@/features/settings/security-event-list";
import { Section } from "@/ui/section";

/** Security events of the whole server. */
export function ServerSecurityRoute() {
  return (
    <AdministrationPage title="Security events">
      <Section title="Security events" intro="Who signed in, made keys and changed access, on the whole server.">
        <SecurityEventList />
      </Section>
    </AdministrationPage>
  );
}
