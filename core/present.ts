/** The variables that are set; an empty one counts as absent (an empty TEMPORAL_API_KEY, say, would turn TLS on). */
export const presentVariables = (
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value ? [[name, value]] : [])));
