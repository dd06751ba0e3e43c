// The part of qrcode-generator that utils/qr.js uses.
interface QrCode {
  addData(text: string): void;
  make(): void;
  getModuleCount(): number;
  isDark(row: number, column: number): boolean;
}

/** typeNumber 0: as large as the text needs. */
declare function qrcode(typeNumber: 0, errorCorrection: "L" | "M" | "Q" | "H"): QrCode;

export = qrcode;
