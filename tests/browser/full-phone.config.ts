import { defineConfig } from "@playwright/test";
import config from "./playwright.config";

/** Phones whose disk is full. They mount loop devices, so they need root; `QDN_FULL_PHONE_RUNS` says how many random ones run. */
export default defineConfig({ ...config, testMatch: "full-phone/*.drill.ts", timeout: 180_000 });
