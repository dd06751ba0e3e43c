// Made from docs/openapi.json by `make docs`; don't edit.
// Times are ISO 8601 with an offset, days are YYYY-MM-DD, ids are UUIDs.

export interface ActivityAnswer {
  cancel_reason: string | null;
  checkin_opens_minutes: number;
  closed_at: string | null;
  code_rotates_seconds: number | null;
  contact_phone: string | null;
  description: string | null;
  /** with `near` only */
  distance_m: number | null;
  ends_at: string;
  field: string | null;
  id: string;
  kind: "visit" | "training" | "seminar" | "showcase" | "party_study" | "university" | null;
  opened_at: string | null;
  organiser_name: string | null;
  programme: "market" | "action" | "exchange";
  region_id: string;
  region_name: string;
  return_reason: string | null;
  stalls: StallAnswer[];
  starts_at: string;
  state: "draft" | "submitted" | "published" | "live" | "closed" | "cancelled";
  title: string;
  venue: VenueAnswer;
  version: number;
}

export interface ActivityChange {
  checkin_opens_minutes?: number;
  code_rotates_seconds?: number | null;
  contact_phone?: string | null;
  description?: string | null;
  ends_at?: string;
  field?: "care" | "charity" | "culture" | "ecology" | "emergency" | "employment" | "health" | "technology" | null;
  kind?: "visit" | "training" | "seminar" | "showcase" | "party_study" | "university" | null;
  organiser_name?: string | null;
  programme?: "market" | "action" | "exchange";
  region_id?: string;
  starts_at?: string;
  title?: string;
  venue?: VenueRequest;
  /** as read; refused if changed since */
  version?: number;
}

export interface ActivityItem {
  /** with `near` only */
  distance_m: number | null;
  ends_at: string;
  field: string | null;
  id: string;
  kind: "visit" | "training" | "seminar" | "showcase" | "party_study" | "university" | null;
  organiser_name: string | null;
  programme: "market" | "action" | "exchange";
  region_id: string;
  region_name: string;
  starts_at: string;
  state: "draft" | "submitted" | "published" | "live" | "closed" | "cancelled";
  title: string;
  venue: VenueAnswer;
}

export interface ActivityItemPage {
  items: ActivityItem[];
  next_cursor: string | null;
}

export interface ActivityRequest {
  checkin_opens_minutes?: number;
  code_rotates_seconds?: number | null;
  contact_phone?: string | null;
  description?: string | null;
  ends_at: string;
  field?: "care" | "charity" | "culture" | "ecology" | "emergency" | "employment" | "health" | "technology" | null;
  kind?: "visit" | "training" | "seminar" | "showcase" | "party_study" | "university" | null;
  organiser_name?: string | null;
  programme: "market" | "action" | "exchange";
  region_id: string;
  starts_at: string;
  title: string;
  venue: VenueRequest;
}

export interface BookingAnswer {
  activity_id: string;
  /** whether the activity is on, so that a new one can be taken */
  activity_open: boolean;
  activity_state: "draft" | "submitted" | "published" | "live" | "closed" | "cancelled";
  activity_title: string;
  /** while it waits */
  ahead: number | null;
  arrived_at: string | null;
  called_at: string | null;
  calls: number;
  created_at: string;
  /** of who is here: the time of an appointment kept, not missed */
  due_at: string | null;
  estimate_minutes: EstimateAnswer | null;
  finished_at: string | null;
  id: string;
  /** when one said, after it was put off, that one still comes */
  kept_at: string | null;
  /** waits, but has signed out or the check-in was undone */
  left: boolean;
  /** when it was to be before it was put off */
  moved_from: string | null;
  offering_id: string;
  offering_title: string;
  origin: "sign_up" | "walk_in";
  /** until when it can be rated, once it is served */
  ratable_until: string;
  rejoined: boolean;
  resident: BookingResident;
  service_on: string;
  slot_ends_at: string | null;
  slot_id: string | null;
  slot_starts_at: string | null;
  stall: StallBrief;
  started_at: string | null;
  state: "confirmed" | "arrived" | "called" | "serving" | "served" | "missed" | "parked" | "no_show" | "cancelled" | "expired";
  ticket: string;
  urgent: boolean;
  /** when its day is over, and it too */
  valid_until: string;
  venue: VenueBrief;
}

export interface BookingAnswerPage {
  items: BookingAnswer[];
  next_cursor: string | null;
}

export interface BookingRequest {
  /** a family member; without it, oneself */
  resident_id?: string;
  /** in mode slots */
  slot_id?: string | null;
}

export interface BookingResident {
  display_name: string;
  id: string;
}

export interface CallBackRequest {
  note: string;
  satisfied: boolean;
}

export interface CallNextRequest {
  /** call this one though its person has left (`person_left`) */
  although_left?: string;
  /** call this one out of order */
  booking_id?: string;
  /** UUID of this press */
  press_id: string;
  /** why out of order */
  reason?: string;
}

export interface CallingAnswer {
  called_at: string;
  calls: number;
  stall: StallBrief;
  ticket: string;
}

export interface CancelRequest {
  reason?: string | null;
}

export interface CatalogueAnswer {
  consents: Record<string, unknown>[];
  fields: TitledAnswer[];
  service_kinds: TitledAnswer[];
  special_needs: TitledAnswer[];
}

export interface CloseRequest {
  /** why it could not be solved; where the resident is not satisfied it must be said */
  reason?: string | null;
}

export interface CodeTargetAnswer {
  activity_id: string;
  state: "draft" | "submitted" | "published" | "live" | "closed" | "cancelled";
  title: string;
}

export interface ComplaintAnswer {
  called_back_at: string | null;
  closed_at: string | null;
  /** the end of its last day */
  due_at: string;
  opened_at: string;
  /** whether 「还没解决」 can be said now */
  reopenable: boolean;
  replied_at: string | null;
  reply: string | null;
  /** as it was noted in the call-back */
  resident_satisfied: boolean | null;
  /** what came before, in order */
  rounds: ComplaintRoundAnswer[];
  state: "open" | "replied" | "called_back" | "closed";
  /** of one that was closed unsolved: why */
  unsolved_reason: string | null;
}

export interface ComplaintRoundAnswer {
  called_back_at: string | null;
  closed_at: string | null;
  ended_at: string;
  replied_at: string | null;
  reply: string | null;
  /** as it was noted in the call-back */
  resident_satisfied: boolean | null;
  /** of one that was closed unsolved: why */
  unsolved_reason: string | null;
  /** what is not solved */
  words: string | null;
}

export interface ConfirmPhoneAnswer {
  display_name: string;
  phone: string;
  phone_state: string;
}

export interface ConfirmPhoneRequest {
  resident_code: string;
}

export interface ConsentAnswer {
  given_at: string;
  purpose: string;
  version: string;
}

export interface ConsentRequest {
  purpose: "guardian" | "phone" | "privacy" | "special_needs";
  version: string;
}

export interface ConsoleLoginAnswer {
  asked_at: string;
  browser: string;
  expires_at: string;
}

export interface CopyRequest {
  /** without it as long as the source */
  ends_at?: string;
  region_id?: string;
  /** move: with the beginning; cut: without those that then do not fit; anew: as long and as large, one after the other over the copy's time */
  slots?: "move" | "cut" | "anew";
  starts_at: string;
}

export interface CountAnswer {
  unread: number;
}

export interface CredentialAnswer {
  /** whether there is one */
  document: boolean;
  id: string;
  issuer: string;
  kind: string;
  /** its end alone */
  number: string;
  organisation_id: string;
  /** why it was rejected */
  reason: string | null;
  state: "submitted" | "approved" | "rejected";
  valid_until: string;
}

export interface CredentialAnswerPage {
  items: CredentialAnswer[];
  next_cursor: string | null;
}

export interface CredentialRequest {
  issuer: string;
  kind: "health_certificate" | "legal_practice" | "medical_practice" | "other" | "registration";
  number: string;
  /** the last day on which it is valid */
  valid_until: string;
}

export interface CreditsAnswer {
  called: number;
  change: number;
  complaint: number;
  market_tomorrow: number;
}

export interface CreditsRequest {
  called?: number;
  change?: number;
  complaint?: number;
  market_tomorrow?: number;
}

export interface DashboardAnswer {
  /** older than they should ever be, or never made: tell somebody */
  late: boolean;
  months: DashboardMonth[];
  needs: DashboardNeeds;
  period: DashboardPeriod;
  programmes: ProgrammeTotals[];
  /** when the totals were last brought up to date */
  refreshed_at: string | null;
  region: DashboardRegion;
  service_kinds: DashboardKind[];
  totals: DashboardTotals;
}

export interface DashboardKind {
  /** where it was served or rated */
  activities: number;
  rated: number;
  satisfied_share: ShareAnswer | null;
  served: number;
  service_kind: string;
  /** too few answers to say anything */
  small_sample: boolean;
  title: string;
}

export interface DashboardMonth {
  activities: number;
  month: string;
  rated: number;
  satisfied_share: ShareAnswer | null;
  /** too few answers to say anything */
  small_sample: boolean;
  title: string;
  visits: number;
}

export interface DashboardNeeds {
  closed_unsolved: number;
  declined: number;
  /** those who asked have said what they think */
  evaluated: number;
  /** in the period; the others are of these */
  raised: number;
  /** evaluated, and most of them say it is solved */
  solved: number;
}

export interface DashboardPeriod {
  from: string | null;
  /** all, a year or a month of Shanghai's; this year unless told otherwise */
  key: string;
  title: string;
  to: string | null;
}

export interface DashboardRegion {
  code: string;
  id: string;
  level: "province" | "city" | "district" | "subdistrict" | "community";
  name: string;
}

export interface DashboardTotals {
  /** 场次: those that have begun */
  activities: number;
  /** communities in the region */
  communities: number;
  /** communities where at least one took place */
  communities_reached: number;
  funds_yuan: number;
  /** of these, on now */
  live: number;
  /** 服务人数, each person once; null until it has been counted */
  people: number | null;
  people_counted_at: string | null;
  rated: number;
  /** activities with such a record */
  recorded: number;
  satisfied_share: ShareAnswer | null;
  /** too few answers to say anything */
  small_sample: boolean;
  /** 服务人次 */
  visits: number;
  /** of the records that were typed in */
  volunteer_minutes: number;
}

export interface DeskActivity {
  id: string;
  state: "draft" | "submitted" | "published" | "live" | "closed" | "cancelled";
  title: string;
}

export interface DeskAnswer {
  activity: DeskActivity;
  /** a call counts only so long after the last that counted */
  call_counts_after_seconds: number;
  calling: DeskBookingAnswer | null;
  calls_before_missed: number;
  counts: DeskCounts;
  /** finished here just now: it can still be undone */
  finished: DeskBookingAnswer[];
  /** whether the caller may give numbers */
  may_issue: boolean;
  missed: DeskBookingAnswer[];
  /** those that have a line */
  offerings: DeskOffering[];
  parked: DeskBookingAnswer[];
  serving: DeskBookingAnswer[];
  stall: DeskStall;
  /** the line's head, in its order */
  waiting: DeskBookingAnswer[];
}

export interface DeskBookingAnswer {
  activity_id: string;
  /** whether the activity is on, so that a new one can be taken */
  activity_open: boolean;
  activity_state: "draft" | "submitted" | "published" | "live" | "closed" | "cancelled";
  activity_title: string;
  /** while it waits */
  ahead: number | null;
  arrived_at: string | null;
  called_at: string | null;
  calls: number;
  created_at: string;
  /** of who is here: the time of an appointment kept, not missed */
  due_at: string | null;
  estimate_minutes: EstimateAnswer | null;
  finished_at: string | null;
  id: string;
  /** when one said, after it was put off, that one still comes */
  kept_at: string | null;
  /** waits, but has signed out or the check-in was undone */
  left: boolean;
  /** when it was to be before it was put off */
  moved_from: string | null;
  offering_id: string;
  offering_title: string;
  origin: "sign_up" | "walk_in";
  /** until when it can be rated, once it is served */
  ratable_until: string;
  rejoined: boolean;
  resident: BookingResident;
  service_on: string;
  slot_ends_at: string | null;
  slot_id: string | null;
  slot_starts_at: string | null;
  /** of whom the desk has called or serves; null of all others */
  special_needs: DeskSpecialNeeds | null;
  stall: StallBrief;
  started_at: string | null;
  state: "confirmed" | "arrived" | "called" | "serving" | "served" | "missed" | "parked" | "no_show" | "cancelled" | "expired";
  ticket: string;
  urgent: boolean;
  /** when its day is over, and it too */
  valid_until: string;
  venue: VenueBrief;
}

export interface DeskCounts {
  /** from arrival to the first call, of those called at this stall */
  mean_wait_minutes: number | null;
  missed: number;
  parked: number;
  /** at this stall */
  served: number;
  waiting: number;
}

export interface DeskOffering {
  id: string;
  letter: string;
  mode: "open" | "queue" | "slots";
  title: string;
}

export interface DeskSpecialNeeds {
  tags: string[];
  /** of the tags */
  titles: string[];
  words: string | null;
}

export interface DeskStall {
  id: string;
  name: string;
  number: string;
}

export interface EarlierOutcomeAnswer {
  answered: number;
  asked: number;
  not: number;
  partly: number;
  round: number;
  solved: number;
}

export interface Error {
  /** Error code */
  code: number;
  /** Errors */
  errors: Record<string, unknown>;
  /** Error message */
  message: string;
  /** Error name */
  status: string;
}

export interface EstimateAnswer {
  high: number;
  low: number;
}

export interface EvaluationAnswer {
  activity_id: string;
  bad_ratings: number | null;
  distribution: Record<string, number> | null;
  frozen_at: string | null;
  /** figures withheld: too few answers */
  hidden: boolean;
  items: ItemEvaluationAnswer[] | null;
  needs: NeedCountsAnswer | null;
  offerings: OfferingEvaluationAnswer[];
  /** n */
  rated: number;
  rectifications: RectificationCountsAnswer | null;
  response_rate: number | null;
  satisfied_share: ShareAnswer | null;
  score: MeanAnswer | null;
  /** bookings served, 人次 */
  served: number;
  small_sample: boolean;
  state: "live" | "frozen";
  verdict: "met" | "to_improve" | "insufficient_data";
  visits: VisitsEvaluationAnswer;
}

export interface EvaluationItem {
  activity_id: string;
  activity_state: "draft" | "submitted" | "published" | "live" | "closed" | "cancelled";
  rated: number;
  region_id: string;
  region_name: string;
  response_rate: number | null;
  satisfied_share: ShareAnswer | null;
  served: number;
  small_sample: boolean;
  starts_at: string;
  state: "live" | "frozen";
  title: string;
  verdict: "met" | "to_improve" | "insufficient_data";
}

export interface EvaluationListAnswer {
  items: EvaluationItem[];
  next_cursor: string | null;
  totals: EvaluationTotalsAnswer;
}

export interface EvaluationTotalsAnswer {
  activities: number;
  rated: number;
  response_rate: number | null;
  satisfied_share: ShareAnswer | null;
  served: number;
}

export interface FamilyAnswer {
  birth_year: number | null;
  display_name: string;
  id: string;
  name: string;
  phone: string | null;
  relation: string | null;
  special_needs: SpecialNeedsAnswer | null;
}

export interface FamilyPage {
  items: FamilyAnswer[];
  next_cursor: string | null;
}

export interface FamilyRequest {
  birth_year?: number;
  name: string;
  phone?: string;
  relation?: string;
  /** with the consent `special_needs` alone */
  special_needs?: SpecialNeedsRequest | null;
}

export interface FindRequest {
  /** the whole name */
  name?: string;
  phone?: string;
}

export interface FoundAnswer {
  /** at this activity today */
  checked_in_at: string | null;
  display_name: string;
  id: string;
  left_at: string | null;
  phone: string | null;
  /** whose family it is */
  relation: string | null;
  /** at this activity today */
  tickets: FoundTicket[];
}

export interface FoundPage {
  items: FoundAnswer[];
  /** how many more fit; the whole number finds one of them */
  more: number;
  next_cursor: string | null;
}

export interface FoundTicket {
  booking_id: string;
  offering_id: string;
  offering_title: string;
  /** as a booking's */
  state: string;
  ticket: string;
}

export interface GuestRequest {
  /** none of those who are known with this number by other names (`number_known`), or are here by this name (`name_known`) */
  another?: boolean;
  birth_year?: number;
  name?: string;
  /** no health data */
  note?: string;
  phone?: string;
}

export interface ItemEvaluationAnswer {
  key: string;
  mean: number | null;
  /** null: too few answers to say */
  met: boolean | null;
  n: number;
  satisfied_share: ShareAnswer | null;
  target_share: number;
  title: string;
}

export interface KeepRequest {
  service_on?: string;
  slot_starts_at?: string;
}

export interface LineAnswer {
  /** here too, and waiting for the time of their appointment */
  early: number;
  estimate_minutes: EstimateAnswer;
  /** before somebody who joins now: no appointment that is still early */
  waiting: number;
}

export interface ListedAttendanceAnswer {
  attended_at: string;
  id: string;
  left_at: string | null;
  on_day: string;
  resident: ScanResident;
  scan: Provenance | null;
}

export interface ListedAttendanceAnswerPage {
  items: ListedAttendanceAnswer[];
  next_cursor: string | null;
}

export interface LoginAnswer {
  expires_at: string;
  token: string;
  user: MeAnswer;
}

export interface MarketCodeAnswer {
  /** what check-in takes now */
  code: string;
  /** a while after it has been replaced */
  expires_at: string | null;
  /** the code as a plain link, to be drawn as a QR */
  link: string;
  rotates_at: string | null;
  /** what is printed */
  scene: string;
}

export interface MeAnswer {
  birth_year: number | null;
  consents: ConsentAnswer[];
  display_name: string;
  id: string;
  name: string | null;
  phone: string | null;
  phone_state: string;
  preferences: PreferencesAnswer;
  region_id: string | null;
  resident_id: string;
  roles: RoleAnswer[];
  special_needs: SpecialNeedsAnswer | null;
}

export interface MeRequest {
  birth_year?: number;
  name?: string | null;
  preferences?: PreferencesRequest;
  region_id?: string | null;
  /** with the consent `special_needs` alone */
  special_needs?: SpecialNeedsRequest | null;
}

export interface MeanAnswer {
  high: number | null;
  low: number | null;
  mean: number;
}

export interface MergeRequest {
  into_id: string;
}

export interface MessageAnswer {
  activity_id: string;
  ended_at: string | null;
  /** WeChat's, of a refusal or of what put it off */
  errcode: number | null;
  id: string;
  kind: "booking_made" | "number_taken" | "booking_cancelled" | "market_tomorrow" | "number_near" | "called" | "passed_over" | "number_over" | "market_moved" | "place_changed" | "market_cancelled" | "service_dropped" | "announcement" | "rating_asked" | "complaint_received" | "complaint_measures" | "complaint_call_back" | "complaint_closed" | "complaint_reopened" | "need_accepted" | "need_declined" | "need_planned" | "need_moved_off" | "need_served" | "need_asked" | "need_unsolved" | "need_reopened" | "need_merged" | "need_unmerged" | "resource_decided" | "credential_decided" | "credential_expiring" | "role_given" | "role_taken" | "looked_up";
  /** whether it has certainly told nobody, and there is a credit */
  may_resend: boolean;
  /** masked */
  name: string;
  read_at: string | null;
  /** WeChat's words; of what was given up over, joined, no_credit */
  reason: string | null;
  state: "owed" | "sending" | "sent" | "refused" | "given_up" | "unknown";
  /** the numbers that it is about, or empty */
  ticket: string;
  told_at: string;
}

export interface MessageAnswerPage {
  items: MessageAnswer[];
  next_cursor: string | null;
}

export interface MyAttendanceAnswer {
  activity_id: string;
  activity_title: string;
  attended_at: string;
  id: string;
  left_at: string | null;
  on_day: string;
  /** until when it can be rated */
  ratable_until: string;
  resident: ScanResident;
}

export interface MyAttendanceAnswerPage {
  items: MyAttendanceAnswer[];
  next_cursor: string | null;
}

export interface NeedAcceptRequest {
  /** what everybody reads of it; absent: as it was written */
  words?: PublicWordsForm;
}

export interface NeedAnswer {
  decide_by: string | null;
  details: string | null;
  ended_at: string | null;
  for_whom: "self" | "family" | "neighbours" | null;
  id: string;
  late: boolean;
  /** what it is dealt with as: its state is this */
  merged_into: string | null;
  raised_on: string;
  reason: string | null;
  reason_code: string | null;
  region: NeedPlaceAnswer;
  round: number;
  served_at: string | null;
  service_kind: string | null;
  source: "resident" | "visit" | "hotline" | "meeting" | "market";
  state: "open" | "accepted" | "planned" | "served" | "evaluated" | "declined" | "closed_unsolved";
  suits: string[];
  title: string;
  turn_to: string | null;
  /** distinct residents who ask for it */
  voices: number;
}

export interface NeedAnswerPage {
  items: NeedAnswer[];
  next_cursor: string | null;
}

export interface NeedCountsAnswer {
  closed_unsolved: number;
  /** those who asked have said what they think */
  evaluated: number;
  outcome: OutcomeAnswer;
  planned: number;
  /** served there, and gone through again since */
  reopened: number;
  served: number;
  total: number;
}

export interface NeedDeclineRequest {
  reason: string;
  reason_code: "duplicate" | "no_resource_yet" | "not_ours" | "private" | "withdrawn";
}

export interface NeedInFullAnswer {
  decide_by: string | null;
  details: string | null;
  /** other rounds */
  earlier: EarlierOutcomeAnswer[];
  ended_at: string | null;
  for_whom: "self" | "family" | "neighbours" | null;
  id: string;
  late: boolean;
  /** what it is dealt with as: its state is this */
  merged_into: string | null;
  mine: OwnVoiceAnswer | null;
  /** what those who asked say */
  outcome: OutcomeAnswer;
  /** mine first, and my family's */
  own_voices: OwnVoiceInFullAnswer[];
  photos: string[];
  raised_on: string;
  reason: string | null;
  reason_code: string | null;
  region: NeedPlaceAnswer;
  round: number;
  served_at: string | null;
  service_kind: string | null;
  source: "resident" | "visit" | "hotline" | "meeting" | "market";
  state: "open" | "accepted" | "planned" | "served" | "evaluated" | "declined" | "closed_unsolved";
  suits: string[];
  timeline: NeedStepAnswer[];
  title: string;
  turn_to: string | null;
  /** distinct residents who ask for it */
  voices: number;
}

export interface NeedInFullAnswerPage {
  items: NeedInFullAnswer[];
  next_cursor: string | null;
}

export interface NeedPlaceAnswer {
  id: string;
  name: string;
}

export interface NeedRequest {
  details?: string | null;
  for_whom?: "self" | "family" | "neighbours" | null;
  region_id: string;
  /** a family member; of staff: anybody */
  resident_id?: string;
  service_kind?: "anti_fraud" | "children" | "clinic" | "courtesy" | "dental" | "games" | "glasses" | "haircut" | "health_check" | "heritage" | "keys" | "knife" | "legal" | "medical_insurance" | "other" | "phone_class" | "psychology" | "repair" | "showcase" | "tcm" | null;
  /** by staff, for others */
  source?: "resident" | "visit" | "hotline" | "meeting" | "market";
  suits?: ("weekday_morning" | "weekday_afternoon" | "weekday_evening" | "weekend_morning" | "weekend_afternoon" | "weekend_evening")[];
  title: string;
}

export interface NeedStepAnswer {
  /** of what it is planned for, once announced */
  activity_id: string | null;
  at: string;
  reason: string | null;
  what: string;
}

export interface NeedUnsolvedRequest {
  reason: string;
  reason_code: "duplicate" | "no_resource_yet" | "not_ours" | "withdrawn";
}

export interface NoticeAnswer {
  created_at: string;
  id: string;
  kind: "booking_made" | "number_taken" | "booking_cancelled" | "market_tomorrow" | "number_near" | "called" | "passed_over" | "number_over" | "market_moved" | "place_changed" | "market_cancelled" | "service_dropped" | "announcement" | "rating_asked" | "complaint_received" | "complaint_measures" | "complaint_call_back" | "complaint_closed" | "complaint_reopened" | "need_accepted" | "need_declined" | "need_planned" | "need_moved_off" | "need_served" | "need_asked" | "need_unsolved" | "need_reopened" | "need_merged" | "need_unmerged" | "resource_decided" | "credential_decided" | "credential_expiring" | "role_given" | "role_taken" | "looked_up";
  /** where a tap leads in the mini-program */
  page: string;
  read_at: string | null;
  text: string;
  title: string;
}

export interface NoticeAnswerPage {
  items: NoticeAnswer[];
  next_cursor: string | null;
}

export interface OfferingAnswer {
  activity_id: string;
  also_at_stall_ids: string[];
  capacity: number | null;
  daily_cap_per_person: number;
  id: string;
  /** begins its numbers */
  letter: string;
  /** in an activity that is on; null where nobody is called */
  line: LineAnswer | null;
  min_age: number | null;
  minutes_per_person: number;
  mode: "open" | "queue" | "slots";
  service_kind: string;
  sign_up_closes_at: string | null;
  sign_up_opens_at: string | null;
  slots: SlotAnswer[];
  stall_id: string;
  title: string;
  walk_in_share: number;
}

export interface OfferingChange {
  /** further stalls that serve the same queue */
  also_at_stall_ids?: string[];
  /** people a day, all ways in */
  capacity?: number | null;
  daily_cap_per_person?: number;
  min_age?: number | null;
  minutes_per_person?: number;
  mode?: "open" | "queue" | "slots";
  service_kind?: "anti_fraud" | "children" | "clinic" | "courtesy" | "dental" | "games" | "glasses" | "haircut" | "health_check" | "heritage" | "keys" | "knife" | "legal" | "medical_insurance" | "other" | "phone_class" | "psychology" | "repair" | "showcase" | "tcm";
  sign_up_closes_at?: string | null;
  sign_up_opens_at?: string | null;
  title?: string;
  /** of each slot, kept for walk-ins */
  walk_in_share?: number;
}

export interface OfferingEvaluationAnswer {
  distribution: Record<string, number> | null;
  /** figures withheld: too few answers */
  hidden: boolean;
  offering_id: string;
  /** n */
  rated: number;
  response_rate: number | null;
  satisfied_share: ShareAnswer | null;
  score: MeanAnswer | null;
  /** bookings served, 人次 */
  served: number;
  service_kind: string;
  small_sample: boolean;
  title: string;
}

export interface OfferingRatingAnswer {
  hidden: boolean;
  rated: number;
  satisfied_share: ShareAnswer | null;
  score: MeanAnswer | null;
  small_sample: boolean;
}

export interface OfferingRequest {
  /** further stalls that serve the same queue */
  also_at_stall_ids?: string[];
  /** people a day, all ways in */
  capacity?: number | null;
  daily_cap_per_person?: number;
  min_age?: number | null;
  minutes_per_person?: number;
  mode: "open" | "queue" | "slots";
  service_kind: "anti_fraud" | "children" | "clinic" | "courtesy" | "dental" | "games" | "glasses" | "haircut" | "health_check" | "heritage" | "keys" | "knife" | "legal" | "medical_insurance" | "other" | "phone_class" | "psychology" | "repair" | "showcase" | "tcm";
  sign_up_closes_at?: string | null;
  sign_up_opens_at?: string | null;
  title: string;
  /** of each slot, kept for walk-ins */
  walk_in_share?: number;
}

export interface OfferingSummaryAnswer {
  /** signed up, not here yet */
  booked: number;
  calling: number;
  cancelled: number;
  /** here, but the market ended first */
  expired: number;
  /** from arrival to the first call */
  mean_wait_minutes: number | null;
  missed: number;
  no_show: number;
  offering_id: string;
  parked: number;
  rating: OfferingRatingAnswer;
  served: number;
  service_kind: string;
  serving: number;
  stall: SummaryStall;
  title: string;
  waiting: number;
}

export interface OrganisationAnswer {
  id: string;
  name: string;
  /** where it is based */
  region_id: string;
}

export interface OrganisationAnswerPage {
  items: OrganisationAnswer[];
  next_cursor: string | null;
}

export interface OutcomeAnswer {
  answered: number;
  asked: number;
  not: number;
  partly: number;
  solved: number;
}

export interface OwnVoiceAnswer {
  role: "raiser" | "supporter";
  verdict: "solved" | "partly" | "not" | null;
}

export interface OwnVoiceInFullAnswer {
  reason: string | null;
  resident_id: string;
  role: "raiser" | "supporter";
  verdict: "solved" | "partly" | "not" | null;
}

export interface OwnVoiceRequest {
  /** a family member; else mine */
  resident_id?: string;
}

export interface PaginationMetadata {
  /** First available page number. */
  first_page: number;
  /** Last available page number. */
  last_page: number;
  /** Next page number. */
  next_page: number;
  /** Current page number. */
  page: number;
  /** Previous page number. */
  previous_page: number;
  /** Total number of items. */
  total: number;
  /** Total number of pages. */
  total_pages: number;
}

export interface PersonalCodeAnswer {
  code: string;
  expires_at: string;
}

export interface PhoneAnswer {
  phone: string;
  phone_state: string;
}

export interface PhoneRequest {
  /** from the getPhoneNumber button */
  code?: string;
  /** typed */
  phone?: string;
}

export interface PlanRequest {
  offering_id: string;
}

export interface PreferencesAnswer {
  elder_mode: boolean;
}

export interface PreferencesRequest {
  elder_mode?: boolean;
}

export interface Problem {
  code: string;
  detail: string;
  errors: Record<string, unknown>;
  request_id: string;
  status: number;
  title: string;
  type: string;
}

export interface ProgrammeTotals {
  /** 场次: those that have begun */
  activities: number;
  /** communities where at least one took place */
  communities_reached: number;
  funds_yuan: number;
  /** of these, on now */
  live: number;
  programme: "market" | "action" | "exchange";
  rated: number;
  /** activities with such a record */
  recorded: number;
  satisfied_share: ShareAnswer | null;
  /** too few answers to say anything */
  small_sample: boolean;
  /** 服务人次 */
  visits: number;
  /** of the records that were typed in */
  volunteer_minutes: number;
}

export interface Provenance {
  /** by how much the phone's clock was behind, as far as is known */
  clock_drift_seconds: number;
  device_id: string | null;
  id: string;
  /** it had been kept on the phone before */
  offline: boolean;
  /** by the server's */
  received_at: string;
  /** by the phone's clock */
  scanned_at: string;
  source: "self" | "scan" | "search" | "paper" | "proxy";
}

export interface PublicWordsForm {
  details?: string | null;
  service_kind?: "anti_fraud" | "children" | "clinic" | "courtesy" | "dental" | "games" | "glasses" | "haircut" | "health_check" | "heritage" | "keys" | "knife" | "legal" | "medical_insurance" | "other" | "phone_class" | "psychology" | "repair" | "showcase" | "tcm" | null;
  title: string;
}

export interface QueueAnswer {
  calling: CallingAnswer[];
  /** here too, and waiting for the time of their appointment */
  early: number;
  estimate_minutes: EstimateAnswer;
  offering_id: string;
  /** before somebody who joins now: no appointment that is still early */
  waiting: number;
}

export interface RatedByAnswer {
  display_name: string;
  id: string;
}

export interface RatedItems {
  attitude?: number;
  guidance?: number;
  skill?: number;
  solved?: number;
  waiting?: number;
}

export interface RaterContactAnswer {
  phone: string;
  phone_state: string;
}

export interface RaterContactRequest {
  reason: string;
}

export interface RatingAnswer {
  activity_id: string;
  activity_title: string;
  booking_id: string | null;
  comment: string | null;
  comment_state: "none" | "pending" | "passed" | "review" | "rejected";
  /** of a bad rating */
  complaint: ComplaintAnswer | null;
  created_at: string;
  editable_until: string;
  id: string;
  items: Record<string, number>;
  /** null: was not asked */
  may_call: boolean | null;
  offering_id: string | null;
  offering_title: string | null;
  photos: string[];
  resident: RatedByAnswer;
  score: number;
  tags: string[];
  updated_at: string;
}

export interface RatingAnswerPage {
  items: RatingAnswer[];
  next_cursor: string | null;
}

export interface RatingChange {
  comment?: string | null;
  items?: RatedItems;
  /** whether I may be called back, should it be a complaint */
  may_call?: boolean | null;
  score?: number;
  tags?: ("convenient" | "crowded" | "expert" | "rude" | "slow" | "tidy" | "unclear" | "unsolved" | "useful" | "warm")[];
}

export interface RatingChoiceAnswer {
  key: string;
  title: string;
}

export interface RatingFormAnswer {
  comment_length: number;
  edit_hours: number;
  items: RatingChoiceAnswer[];
  levels: RatingLevelAnswer[];
  /** how many a complaint may have */
  photos: number;
  tags: RatingTagAnswer[];
  window_days: number;
}

export interface RatingLevelAnswer {
  score: number;
  title: string;
}

export interface RatingRequest {
  activity_id?: string;
  booking_id?: string;
  comment?: string | null;
  items?: RatedItems;
  /** whether I may be called back, should it be a complaint */
  may_call?: boolean | null;
  /** with activity_id: a family member's visit, not one's own */
  resident_id?: string;
  score: number;
  tags?: ("convenient" | "crowded" | "expert" | "rude" | "slow" | "tidy" | "unclear" | "unsolved" | "useful" | "warm")[];
}

export interface RatingTagAnswer {
  key: string;
  /** says what was wrong */
  negative: boolean;
  title: string;
}

export interface ReadRequest {
  all?: boolean;
  ids?: string[];
}

export interface ReasonRequest {
  reason: string;
}

export interface RectificationAnswer {
  activity_id: string;
  activity_title: string;
  call_back_note: string | null;
  called_back_at: string | null;
  closed_at: string | null;
  /** unchecked text only for who handles it */
  comment: string | null;
  comment_state: "none" | "pending" | "passed" | "review" | "rejected";
  /** the end of its last day */
  due_at: string;
  id: string;
  items: Record<string, number>;
  /** whether the resident wants a call; null: was not asked */
  may_call: boolean | null;
  offering_id: string | null;
  offering_title: string | null;
  opened_at: string;
  overdue: boolean;
  /** who sees to it */
  owner_name: string | null;
  owner_user_id: string | null;
  region_name: string;
  /** when the resident last said: not solved */
  reopened_at: string | null;
  replied_at: string | null;
  reply: string | null;
  /** as it was noted in the call-back */
  resident_satisfied: boolean | null;
  score: number;
  state: "open" | "replied" | "called_back" | "closed";
  tags: string[];
  /** of one that was closed unsolved: why */
  unsolved_reason: string | null;
}

export interface RectificationAnswerPage {
  items: RectificationAnswer[];
  next_cursor: string | null;
}

export interface RectificationCountsAnswer {
  closed: number;
  /** not closed, the overdue ones included */
  open: number;
  overdue: number;
  total: number;
}

export interface RectificationDetailAnswer {
  activity_id: string;
  activity_title: string;
  call_back_note: string | null;
  called_back_at: string | null;
  closed_at: string | null;
  /** unchecked text only for who handles it */
  comment: string | null;
  comment_state: "none" | "pending" | "passed" | "review" | "rejected";
  /** the end of its last day */
  due_at: string;
  id: string;
  items: Record<string, number>;
  /** whether the resident wants a call; null: was not asked */
  may_call: boolean | null;
  offering_id: string | null;
  offering_title: string | null;
  opened_at: string;
  overdue: boolean;
  /** who sees to it */
  owner_name: string | null;
  owner_user_id: string | null;
  region_name: string;
  /** when the resident last said: not solved */
  reopened_at: string | null;
  replied_at: string | null;
  reply: string | null;
  /** as it was noted in the call-back */
  resident_satisfied: boolean | null;
  /** what came before, in order */
  rounds: RoundAnswer[];
  score: number;
  state: "open" | "replied" | "called_back" | "closed";
  tags: string[];
  /** of one that was closed unsolved: why */
  unsolved_reason: string | null;
}

export interface RegionAnswer {
  code: string;
  id: string;
  level: "province" | "city" | "district" | "subdistrict" | "community";
  name: string;
  parent_id: string | null;
}

export interface RegionAnswerPage {
  items: RegionAnswer[];
  next_cursor: string | null;
}

export interface ReopenRequest {
  /** staff must say one */
  reason?: string | null;
}

export interface ReplyRequest {
  reply: string;
}

export interface ResourceAnswer {
  credential_ids: string[];
  days_off: string[];
  from_time: string | null;
  id: string;
  lead_days: number;
  minutes_per_person: number;
  most_per_month: number | null;
  organisation_id: string;
  organisation_name: string;
  people: number;
  /** why it was returned or suspended */
  reason: string | null;
  region_ids: string[];
  requires: string[];
  service_kind: string;
  state: "draft" | "submitted" | "approved" | "suspended" | "retired";
  stations: number;
  title: string;
  to_time: string | null;
  weekdays: number[];
}

export interface ResourceAnswerPage {
  items: ResourceAnswer[];
  next_cursor: string | null;
}

export interface ResourceChange {
  /** of its organisation */
  credential_ids?: string[];
  days_off?: string[];
  from_time?: string | null;
  /** how many days ahead it must be asked */
  lead_days?: number;
  minutes_per_person?: number;
  most_per_month?: number | null;
  organisation_id?: string;
  /** who come to a market */
  people?: number;
  /** where it may serve, with all below; empty: anywhere */
  region_ids?: string[];
  requires?: ("power" | "water" | "table" | "shade")[];
  service_kind?: "anti_fraud" | "children" | "clinic" | "courtesy" | "dental" | "games" | "glasses" | "haircut" | "health_check" | "heritage" | "keys" | "knife" | "legal" | "medical_insurance" | "other" | "phone_class" | "psychology" | "repair" | "showcase" | "tcm";
  /** that serve at once */
  stations?: number;
  title?: string;
  to_time?: string | null;
  /** Monday is 1; empty: any day */
  weekdays?: number[];
}

export interface ResourceReason {
  reason: string;
}

export interface ResourceRequest {
  /** of its organisation */
  credential_ids?: string[];
  days_off?: string[];
  from_time?: string | null;
  /** how many days ahead it must be asked */
  lead_days?: number;
  minutes_per_person: number;
  most_per_month?: number | null;
  organisation_id: string;
  /** who come to a market */
  people: number;
  /** where it may serve, with all below; empty: anywhere */
  region_ids?: string[];
  requires?: ("power" | "water" | "table" | "shade")[];
  service_kind: "anti_fraud" | "children" | "clinic" | "courtesy" | "dental" | "games" | "glasses" | "haircut" | "health_check" | "heritage" | "keys" | "knife" | "legal" | "medical_insurance" | "other" | "phone_class" | "psychology" | "repair" | "showcase" | "tcm";
  /** that serve at once */
  stations: number;
  title: string;
  to_time?: string | null;
  /** Monday is 1; empty: any day */
  weekdays?: number[];
}

export interface RevertAnswer {
  at: string;
  id: string;
  reason: string;
  scan_id: string;
  /** numbers in the line of whom nothing says now that they are here */
  tickets: FoundTicket[];
}

export interface RevertRequest {
  reason: string;
}

export interface RoleAnswer {
  role: "volunteer" | "partner" | "organiser" | "admin" | "auditor";
  scope: Record<string, unknown>;
}

export interface RoundAnswer {
  call_back_note: string | null;
  called_back_at: string | null;
  closed_at: string | null;
  ended_at: string;
  replied_at: string | null;
  reply: string | null;
  /** as it was noted in the call-back */
  resident_satisfied: boolean | null;
  /** of one that was closed unsolved: why */
  unsolved_reason: string | null;
  /** unchecked text only for who handles it */
  words: string | null;
  words_state: "none" | "pending" | "passed" | "review" | "rejected";
}

export interface ScanAnswer {
  attendance: ScanAttendance | null;
  /** the phone's clock is off by this much */
  clock_drift_seconds: number | null;
  direction: "entry" | "exit";
  id: string;
  message: string;
  reason: "invalid" | "wrong_market" | "not_yet" | "expired" | "cancelled" | "revoked" | "blocked" | null;
  resident: ScannedResident | null;
  /** had left, and is here again from this scan on */
  returned: boolean;
  verdict: "admitted" | "already_checked_in" | "refused";
}

export interface ScanAttendance {
  attended_at: string;
  device_id: string | null;
  id: string;
  /** of who had left before this scan */
  left_at: string | null;
}

export interface ScanRequest {
  /** the market's code; source self */
  code?: string;
  device_id?: string;
  direction?: "entry" | "exit";
  guest?: GuestRequest;
  /** UUID made by the phone, once a scan */
  id: string;
  /** a personal code */
  resident_code?: string;
  /** oneself, family, or a search's result */
  resident_id?: string;
  /** by the phone's clock */
  scanned_at?: string;
  /** by the phone's clock, anew at each upload; tells how wrong that clock is, and makes no other scan of one with the same id */
  sent_at?: string;
  source: "self" | "scan" | "search" | "paper" | "proxy";
}

export interface ScanResident {
  display_name: string;
  id: string;
}

export interface ScannedResident {
  display_name: string;
  id: string;
  phone: string | null;
  /** to whose family they are */
  relation: string | null;
}

export interface SeenVoiceAnswer {
  created_at: string;
  id: string;
  /** masked */
  name: string;
  /** masked */
  phone: string | null;
  role: "raiser" | "supporter";
}

export interface SeenVoicesAnswer {
  items: SeenVoiceAnswer[];
}

export interface SessionAnswer {
  address: string | null;
  created_at: string;
  current: boolean;
  device: string | null;
  /** phone, scan, password or demo; null where it was not noted */
  how: string | null;
  id: string;
  last_used_at: string;
}

export interface SessionPage {
  items: SessionAnswer[];
  next_cursor: string | null;
}

export interface ShareAnswer {
  high: number;
  low: number;
  value: number;
}

export interface SimilarAnswer {
  items: NeedAnswer[];
}

export interface SlotAnswer {
  capacity: number;
  ends_at: string;
  /** what can still be signed up for */
  free: number;
  id: string;
  offering_id: string;
  starts_at: string;
  taken: number;
}

export interface SlotChange {
  capacity?: number;
  ends_at?: string;
  starts_at?: string;
}

export interface SlotRequest {
  capacity: number;
  ends_at: string;
  starts_at: string;
}

export interface SlotsRequest {
  capacity?: number;
  from?: string;
  minutes?: number;
  slots?: SlotRequest[];
  to?: string;
}

export interface SpecialNeedsAnswer {
  tags: string[];
  words: string | null;
}

export interface SpecialNeedsRequest {
  tags: ("escort" | "hearing" | "mobility" | "sight")[];
  words?: string | null;
}

export interface StallAnswer {
  activity_id: string;
  column: number | null;
  id: string;
  name: string;
  note: string | null;
  number: string;
  offerings: OfferingAnswer[];
  organisation_id: string | null;
  organisation_name: string | null;
  /** the three in words */
  place: string | null;
  row: number | null;
}

export interface StallBrief {
  name: string;
  number: string;
}

export interface StallChange {
  column?: number | null;
  name?: string;
  note?: string | null;
  number?: string;
  organisation_id?: string | null;
  /** instead of the three: in words */
  place?: string | null;
  /** on the plan, from the front */
  row?: number | null;
}

export interface StallRequest {
  column?: number | null;
  name: string;
  note?: string | null;
  number: string;
  organisation_id?: string | null;
  /** instead of the three: in words */
  place?: string | null;
  /** on the plan, from the front */
  row?: number | null;
}

export interface SummaryAnswer {
  activity_id: string;
  inside_now: number;
  offerings: OfferingSummaryAnswer[];
  /** 服务人数 */
  people: number;
  state: "draft" | "submitted" | "published" | "live" | "closed" | "cancelled";
  /** 服务人次 */
  visits: number;
}

export interface SummaryStall {
  name: string;
  number: string;
}

export interface SupportRequest {
  /** a family member; of staff: anybody */
  resident_id?: string;
}

export interface TemplateAnswer {
  /** WeChat's, for requestSubscribeMessage */
  id: string;
  kinds: ("booking_made" | "number_taken" | "booking_cancelled" | "market_tomorrow" | "number_near" | "called" | "passed_over" | "number_over" | "market_moved" | "place_changed" | "market_cancelled" | "service_dropped" | "announcement" | "rating_asked" | "complaint_received" | "complaint_measures" | "complaint_call_back" | "complaint_closed" | "complaint_reopened" | "need_accepted" | "need_declined" | "need_planned" | "need_moved_off" | "need_served" | "need_asked" | "need_unsolved" | "need_reopened" | "need_merged" | "need_unmerged" | "resource_decided" | "credential_decided" | "credential_expiring" | "role_given" | "role_taken" | "looked_up")[];
  /** its name here */
  template: string;
  title: string;
}

export interface TemplateAnswerPage {
  items: TemplateAnswer[];
  next_cursor: string | null;
}

export interface TicketRequest {
  guest?: GuestRequest;
  /** why it is urgent */
  reason?: string;
  resident_id?: string;
  /** volunteers only */
  urgent?: boolean;
}

export interface TitledAnswer {
  key: string;
  title: string;
}

export interface UnsolvedRequest {
  words: string;
}

export interface VenueAnswer {
  address: string | null;
  latitude: number | null;
  longitude: number | null;
  name: string;
  wheelchair: boolean | null;
}

export interface VenueBrief {
  address: string | null;
  name: string;
}

export interface VenueRequest {
  address?: string;
  latitude?: number;
  longitude?: number;
  name: string;
  wheelchair?: boolean;
}

export interface VerdictRequest {
  reason?: string | null;
  /** a family member; else mine */
  resident_id?: string;
  verdict: "solved" | "partly" | "not";
}

export interface VisitsEvaluationAnswer {
  /** visits, 人次 */
  attended: number;
  rated: number;
  response_rate: number | null;
}

export interface VoiceNumberAnswer {
  phone: string;
  phone_state: string;
}

export interface WeChatLoginRequest {
  code: string;
}

export interface WhyRequest {
  reason: string;
}
