// The mini-program's names for what the backend answers. Their shapes are docs/openapi.json's
// (openapi.d.ts); only what that document leaves open is said here.

import type * as api from "./openapi";

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

export interface Role extends api.RoleAnswer {
  scope: { type: string; id: string; code?: string; name: string };
}

export interface Me extends api.MeAnswer {
  phone_state: "none" | "typed" | "verified" | "confirmed";
  roles: Role[];
}

export interface Login extends api.LoginAnswer {
  user: Me;
}

export interface LoginSession extends api.SessionAnswer {
  /** null where it was not noted, as with device and address. */
  how: "phone" | "scan" | "password" | "demo" | null;
}

export type FamilyMember = api.FamilyAnswer;
export type Region = api.RegionAnswer;

export type ActivityItem = api.ActivityItem;
export type ActivityState = ActivityItem["state"];
export type Activity = api.ActivityAnswer;
export type Stall = api.StallAnswer;
export type Offering = api.OfferingAnswer;
export type Slot = api.SlotAnswer;

export type MarketCode = api.MarketCodeAnswer;
export type CodeTarget = api.CodeTargetAnswer;
export type PersonalCode = api.PersonalCodeAnswer;

export type Booking = api.BookingAnswer;
export type BookingState = Booking["state"];
export type Desk = api.DeskAnswer;

export type Notice = api.NoticeAnswer;
export type MessageTemplate = api.TemplateAnswer;

export type ScanAnswer = api.ScanAnswer;
export type Attendance = api.MyAttendanceAnswer;
/** Of a refused guest some is not told. */
export type Found = Pick<api.FoundAnswer, "id" | "display_name"> & Partial<api.FoundAnswer>;

export type Summary = api.SummaryAnswer;
export type OfferingSummary = api.OfferingSummaryAnswer;

export type RatingForm = api.RatingFormAnswer;
export type Rating = api.RatingAnswer;
export type Complaint = api.ComplaintAnswer;

export type SpecialNeed = api.SpecialNeedsRequest["tags"][number];

export interface Catalogue extends api.CatalogueAnswer {
  special_needs: { key: SpecialNeed; title: string }[];
  consents: { purpose: string; title: string; version: string }[];
}

export type Need = api.NeedAnswer;
export type NeedInFull = api.NeedInFullAnswer;
export type NewNeed = api.NeedRequest;
