// What the backend answers (docs/openapi.json), as far as the mini-program uses it.
// Times are ISO 8601 with an offset, days are YYYY-MM-DD, ids are UUIDs.

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

export interface Role {
  role: "volunteer" | "partner" | "organiser" | "admin" | "auditor";
  scope: { type: string; id: string; code?: string; name: string } | null;
}

export interface Consent {
  purpose: string;
  version: string;
  given_at: string;
}

export interface Me {
  id: string;
  resident_id: string;
  name: string | null;
  display_name: string;
  birth_year: number | null;
  region_id: string | null;
  phone: string | null;
  phone_state: "none" | "typed" | "verified" | "confirmed";
  roles: Role[];
  preferences: { elder_mode: boolean };
  consents: Consent[];
}

export interface Login {
  token: string;
  expires_at: string;
  user: Me;
}

export interface LoginSession {
  id: string;
  /** null where it was not noted, as with device and address. */
  how: "phone" | "scan" | "password" | "demo" | null;
  device: string | null;
  address: string | null;
  created_at: string;
  last_used_at: string;
  current: boolean;
}

export interface FamilyMember {
  id: string;
  name: string;
  display_name: string;
  relation: string | null;
  birth_year: number | null;
  phone: string | null;
}

export interface Region {
  id: string;
  code: string;
  name: string;
  level: "province" | "city" | "district" | "subdistrict" | "community";
  parent_id: string | null;
}

export interface Venue {
  name: string;
  address: string | null;
  latitude: number | null;
  longitude: number | null;
  wheelchair: boolean | null;
}

export type ActivityState =
  | "draft" | "submitted" | "published" | "live" | "closed" | "cancelled";

export interface ActivityItem {
  id: string;
  programme: "market" | "action" | "exchange";
  title: string;
  state: ActivityState;
  region_id: string;
  region_name: string;
  venue: Venue;
  starts_at: string;
  ends_at: string;
  organiser_name: string | null;
}

export interface Slot {
  id: string;
  starts_at: string;
  ends_at: string;
  capacity: number;
  free: number;
}

export interface Offering {
  id: string;
  activity_id: string;
  stall_id: string;
  also_at_stall_ids: string[];
  letter: string;
  title: string;
  service_kind: string;
  mode: "open" | "queue" | "slots";
  minutes_per_person: number;
  min_age: number | null;
  sign_up_opens_at: string | null;
  sign_up_closes_at: string | null;
  slots: Slot[];
  /** In an activity that is on; null where nobody is called. */
  line: { waiting: number; estimate_minutes: Minutes } | null;
}

export interface Stall {
  id: string;
  number: string;
  name: string;
  organisation_name: string | null;
  place: string | null;
  offerings: Offering[];
}

export interface Activity extends ActivityItem {
  description: string | null;
  contact_phone: string | null;
  checkin_opens_minutes: number;
  code_rotates_seconds: number | null;
  cancel_reason: string | null;
  stalls: Stall[];
}

export interface MarketCode {
  code: string;
  /** The code as a plain link: WeChat opens this mini-program with it. */
  link: string;
  scene: string;
  rotates_at: string | null;
  expires_at: string | null;
}

export interface CodeTarget {
  activity_id: string;
  title: string;
  state: ActivityState;
}

export interface Minutes {
  low: number;
  high: number;
}

export interface StallBrief {
  number: string;
  name: string;
}

export interface Queue {
  offering_id: string;
  calling: { ticket: string; stall: StallBrief; called_at: string; calls: number }[];
  waiting: number;
  estimate_minutes: Minutes;
}

export type BookingState =
  | "confirmed" | "arrived" | "called" | "serving" | "served"
  | "missed" | "parked" | "no_show" | "cancelled" | "expired";

export interface Booking {
  id: string;
  activity_id: string;
  activity_title: string;
  offering_id: string;
  offering_title: string;
  slot_id: string | null;
  slot_starts_at: string | null;
  slot_ends_at: string | null;
  stall: StallBrief;
  resident: { id: string; display_name: string };
  origin: "sign_up" | "walk_in";
  service_on: string;
  /** Of who is here: the time of an appointment that was kept, not missed. */
  due_at: string | null;
  /** When it was to be, before its market or its slot was moved. */
  moved_from: string | null;
  ticket: string;
  /** When its day is over, and the number with it. */
  valid_until: string;
  /** Until when it can be rated, once it is served. */
  ratable_until: string;
  /** Whether the activity is on, so that a new number can be taken. */
  activity_open: boolean;
  activity_state: ActivityState;
  state: BookingState;
  urgent: boolean;
  ahead: number | null;
  estimate_minutes: Minutes | null;
  /** Waits, but has signed out, or the check-in was undone. */
  left: boolean;
  calls: number;
  rejoined: boolean;
  created_at: string;
  called_at: string | null;
  finished_at: string | null;
}

export interface Desk {
  stall: StallBrief & { id: string };
  activity: { id: string; title: string; state: ActivityState };
  offerings: { id: string; title: string; letter: string; mode: "queue" | "slots" }[];
  may_issue: boolean;
  calls_before_missed: number;
  /** A call counts only so long after the last that counted. */
  call_counts_after_seconds: number;
  calling: Booking | null;
  serving: Booking[];
  /** Finished just now: it can still be undone. */
  finished: Booking[];
  waiting: Booking[];
  missed: Booking[];
  parked: Booking[];
  counts: {
    waiting: number;
    parked: number;
    missed: number;
    served: number;
    mean_wait_minutes: number | null;
  };
}

export interface OfferingSummary {
  offering_id: string;
  title: string;
  stall: StallBrief;
  mean_wait_minutes: number | null;
  booked: number;
  waiting: number;
  calling: number;
  serving: number;
  served: number;
  missed: number;
  parked: number;
}

export interface Summary {
  activity_id: string;
  state: ActivityState;
  visits: number;
  people: number;
  inside_now: number;
  offerings: OfferingSummary[];
}

export interface ScanAnswer {
  id: string;
  direction: "entry" | "exit";
  verdict: "admitted" | "already_checked_in" | "refused";
  reason:
    | "invalid" | "wrong_market" | "not_yet" | "expired"
    | "cancelled" | "revoked" | "blocked" | null;
  resident: {
    id: string;
    display_name: string;
    phone?: string | null;
    relation?: string | null;
  } | null;
  attendance: { id: string; attended_at: string; device_id: string | null } | null;
  message: string;
  clock_drift_seconds: number | null;
}

export interface Attendance {
  id: string;
  activity_id: string;
  activity_title: string;
  resident: { id: string; display_name: string };
  attended_at: string;
  on_day: string;
  ratable_until: string;
}

export interface PersonalCode {
  code: string;
  expires_at: string;
}

export interface RatingForm {
  levels: { score: number; title: string }[];
  items: { key: string; title: string }[];
  tags: { key: string; title: string }[];
  comment_length: number;
  window_days: number;
  edit_hours: number;
}

export interface Rating {
  id: string;
  activity_id: string;
  activity_title: string;
  offering_title: string | null;
  booking_id: string | null;
  resident: { id: string; display_name: string };
  score: number;
  items: Record<string, number>;
  tags: string[];
  comment: string | null;
  created_at: string;
  editable_until: string;
}

export interface Catalogue {
  service_kinds: { key: string; title: string }[];
  consents: { purpose: string; title: string; version: string }[];
}
