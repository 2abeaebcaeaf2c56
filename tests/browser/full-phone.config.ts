import { randomBytes } from "node:crypto";
import { defineConfig } from "@playwright/test";
import config from "./playwright.config";

// Each process of the runner chooses the same random runs; with the seed that a failed run printed they are made again.
process.env.QDN_FULL_PHONE_SEED ??= randomBytes(4).toString("hex");

/**
 * Phones whose disk is full. They mount loop devices, so they need root; `QDN_FULL_PHONE_RUNS` says how many random ones
 * run.
 */
export default defineConfig({
  ...config,
  testMatch: "full-phone/*.drill.ts",
  timeout: 400_000,
});
