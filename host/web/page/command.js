// The command line that reviews as the page does.

const CONFIG = "playground.yaml";

/** `off` is a set of ids, `settings` are by id; `compared` is whether there is an earlier state, in `before/`. */
export function commandLine(file, policies, { off, settings }, compared) {
  const lines = [];
  const choices = policies.filter(({ raw, own }) => !raw && !own).flatMap(({ id }) => {
    if (off.has(id)) return [`  ${id}: off`];
    // JSON is YAML.
    return Object.keys(settings[id] ?? {}).length > 0 ? [`  ${id}: ${JSON.stringify(settings[id])}`] : [];
  });
  // Not the folder's own configuration, which the page knows nothing of.
  let config = " --no-config";
  if (choices.length > 0) {
    lines.push(`cat > ${CONFIG} <<'EOF'`, "policies:", ...choices, "EOF");
    config = ` --config ${CONFIG}`;
  }
  lines.push(`forewarn check${config}${compared ? " --against before --all" : ""} ${file}`);
  return lines.join("\n");
}
