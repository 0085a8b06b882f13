// The certified OpenID Connect provider `oidc-provider` with three people; anybody's password is right.
// node provider.mjs FOLDER-OF-NODE-MODULES PORT REDIRECT-URI
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, port, redirect] = process.argv.slice(2);
const found = createRequire(folder + "/").resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(found).href);
const people = {
  "b-1": { name: "Ben", email: "ben@example.com", groups: ["approver", "finance"] },
  "e-1": { name: "Eve <b>", groups: ["emperor"] },
};
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id: "lab", client_secret: "not a secret of anybody", redirect_uris: [redirect],
              grant_types: ["authorization_code"], response_types: ["code"] }],
  claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email"] },
  conformIdTokenClaims: false,
  pkce: { required: () => false },
  cookies: { keys: ["of no worth"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
