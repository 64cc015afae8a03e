/// What a job says about its file's values (IMP-9).
public struct CheckRules: Sendable, Equatable {
    /// How timestamps are written.
    public var dateFormat: DateFormat
    /// What opt in and opt out are called, in any case.
    public var optInValue: String
    public var optOutValue: String
    /// What the e-mail formats are called, in any case.
    public var htmlValue: String
    public var textValue: String
    public var unknownFormatValue: String
    public var mobileFormat: MobileFormat

    /// What a mobile number must be.
    public enum MobileFormat: String, Sendable, Codable, CaseIterable {
        /// 6 to 15 digits with the country code.
        case e164
        /// National numbers of the record's country or the job's own; those with `+` or `00` in front as in `e164`.
        case local
        /// Any text.
        case none
    }

    /// How sure it must be that a number is a mobile one.
    public enum MobileCheck: String, Sendable, Codable, CaseIterable {
        /// By calling codes and lengths: nothing is looked up.
        case fast
        /// By what each country gives out for mobile phones, as libphonenumber knows it: some 30,000 numbers a second.
        case strict
    }

    /// ISO code of the country of national numbers whose record names none; nil: there is none.
    public var mobileCountry: String?
    /// What becomes of text that is longer than its field.
    public var longText: LongText

    public enum LongText: String, Sendable, Codable, CaseIterable {
        case reject, truncate
    }

    /// Whether `text` is the ISO code of a country with mobile numbers.
    public static func isCountry(_ text: String) -> Bool { Array(text.utf8).withUnsafeBytes { MobileCountries.standard.number(iso: $0) != nil } }

    public init(
        dateFormat: DateFormat = DateFormat(.standardLongNoMillis), optInValue: String = "I", optOutValue: String = "O", htmlValue: String = "H",
        textValue: String = "T", unknownFormatValue: String = "U", mobileFormat: MobileFormat = .e164, mobileCountry: String? = nil,
        longText: LongText = .reject
    ) {
        self.dateFormat = dateFormat
        self.optInValue = optInValue
        self.optOutValue = optOutValue
        self.htmlValue = htmlValue
        self.textValue = textValue
        self.unknownFormatValue = unknownFormatValue
        self.mobileFormat = mobileFormat
        self.mobileCountry = mobileCountry
        self.longText = longText
    }
}
