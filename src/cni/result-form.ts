/** The three shapes a result ever had, named by their newest version (0.1.0 and 0.2.0; 0.3.0 to 0.4.0; 1.0.0 and 1.1.0). */
export type ResultForm = "0.2.0" | "0.4.0" | "1.1.0";

/** Which shape a version's results have; `undefined` for a version we do not know. */
export function resultForm(version: string): ResultForm | undefined {
  switch (version) {
    case "0.1.0":
    case "0.2.0":
      return "0.2.0";
    case "0.3.0":
    case "0.3.1":
    case "0.4.0":
      return "0.4.0";
    case "1.0.0":
    case "1.1.0":
      return "1.1.0";
    default:
      return undefined;
  }
}
