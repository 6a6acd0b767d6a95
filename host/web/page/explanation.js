// Where on the site a finding is explained.

/** What no policy finds but the review itself. */
const OWN = { strict: "policies/strict.html", suppressions: "book/config.html" };

/** The place of a code in its policy's page; a module that somebody dropped on the page has none. */
export function explanation(policy, code, policies) {
  const known = policies.find(({ id }) => id === policy);
  if (known?.own) return undefined;
  const page = known ? `policies/${policy}.html` : OWN[policy];
  return page && `${page}#${code.slice(code.indexOf("/") + 1)}`;
}
