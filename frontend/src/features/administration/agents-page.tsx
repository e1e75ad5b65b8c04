import { useState } from "react";
import { Section } from "@/ui/section";
import { ActorLevel } from "./actor-tree";
import { AdministrationPage } from "./administration-page";
import { SearchField } from "./search-field";

/** Who acts on this server, on whose behalf, and with which keys. */
export function AgentsAndKeysPage() {
  const [search, setSearch] = useState("");
  return (
    <AdministrationPage title="Agents and keys">
      <Section
        title="Agents and keys"
        intro="People, the agents and services that belong to them, and the keys of each. Revoking a key also revokes those that were made with it."
      >
        <SearchField label="Search names and keys" value={search} onChange={setSearch} />
        <ActorLevel search={search} />
      </Section>
    </AdministrationPage>
  );
}
