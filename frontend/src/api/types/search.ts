/** Ticket search, similar tickets and saved searches. */
import type { Complete, Schemas } from "./schema";

export type SearchMode = Schemas["SearchType"];
export type Filters = Schemas["Filters"] & { silent_minutes?: number | null };
export type SearchRequest = Schemas["SearchTickets"];
export type SearchResult = Complete<Schemas["SearchResult"]>;
export type SearchResponse = Omit<Complete<Schemas["SearchAnswer"]>, "results"> & { results: SearchResult[] };
export type ExportFormat = Schemas["Format"];

export type Relation = Schemas["Relation"];
export type SimilarTicket = Complete<Schemas["SimilarTicket"]>;
export type RelatedTicketsResponse = Omit<Schemas["RelatedTickets"], "related"> & { related: SimilarTicket[] };
export type DuplicateCheckResponse = Omit<Complete<Schemas["DuplicateCheck"]>, "similar_tickets"> & {
  similar_tickets: SimilarTicket[];
};

export type SavedSearch = Complete<Schemas["SavedSearch"]>;
export type SavedSearchChange = Schemas["UpdateSearch"];
export type RecentSearch = Schemas["RecentSearch"];
