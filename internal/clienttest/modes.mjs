// The ways in which the module and Better Auth are configured alike. The test
// host has the same names.
export const modes = {
  default: { base: "http://localhost:3000" },
  verification: { base: "http://localhost:3000", verification: true },
  https: { base: "https://todo.example" },
  bearer: { base: "http://localhost:3000", bearer: true },
  limited: { base: "http://localhost:3000", limited: true },
  later: { base: "http://localhost:3000" }, // the last: time passes
};
