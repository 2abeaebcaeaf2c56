import { expect, test } from "vitest";
import type { Job } from "../../api/types";
import { customerChange, fieldsOf, jobChange, localMinute, newCustomerOf } from "./fields";

const job = {
  title: "Garage clean-out",
  address: null,
  scheduled_for: new Date(2026, 10, 24, 9, 30, 12).toISOString(),
  status: "scheduled",
  customer: { customer_id: "c", name: "Sam Okafor", phone: "+1 555 0100", email: null },
} as Job;

test("only_what_was_changed_is_sent_and_emptied_fields_are_taken_away", () => {
  const before = fieldsOf(job);
  expect(jobChange(before, { ...before, title: " Garage clean-out " })).toBeNull();
  expect(customerChange(before, before)).toBeNull();
  expect(jobChange(before, { ...before, address: "128 Maple Street", scheduled_for: "" })).toEqual({
    address: "128 Maple Street",
    scheduled_for: null,
  });
  expect(customerChange(before, { ...before, phone: " ", email: "sam@example.com" })).toEqual({
    phone: null,
    email: "sam@example.com",
  });
  expect(jobChange(before, { ...before, status: "done" })).toEqual({ status: "done" });
});

test("a_time_comes_back_as_it_was_put_in_on_this_devices_clock", () => {
  expect(localMinute(new Date(2026, 10, 24, 9, 30).toISOString())).toBe("2026-11-24T09:30");
  expect(localMinute("soon")).toBe("");
  const before = fieldsOf({ ...job, scheduled_for: null });
  const sent = jobChange(before, { ...before, scheduled_for: "2026-11-24T09:30" });
  expect(sent).toEqual({ scheduled_for: new Date(2026, 10, 24, 9, 30).toISOString() });
});

test("a_new_customer_has_a_name_and_may_have_the_rest", () => {
  expect(newCustomerOf({ ...fieldsOf(job), name: " Ana ", phone: "" })).toEqual({
    name: "Ana",
    phone: null,
    email: null,
  });
});
