/** The browser and system of a user agent: "Chrome on Linux". Programs keep the name that they give. */
export function browserName(agent: string | null | undefined): string {
  if (!agent) return "Unknown device";
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)\//.exec(agent)?.[1];
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent)?.[1];
  if (!browser) return agent.slice(0, 80);
  return `${names[browser] ?? browser}${system ? ` on ${system}` : ""}`;
}
