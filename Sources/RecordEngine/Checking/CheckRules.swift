/// What a job says about its file's values (IMP-9).
public struct CheckRules: Sendable, Equatable {
    /// How timestamps are written.
    public var dateFormat: NamedDateFormat
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
    }

    public init(
        dateFormat: NamedDateFormat = .standardLongNoMillis, optInValue: String = "I", optOutValue: String = "O", htmlValue: String = "H",
        textValue: String = "T", unknownFormatValue: String = "U", mobileFormat: MobileFormat = .e164
    ) {
        self.dateFormat = dateFormat
        self.optInValue = optInValue
        self.optOutValue = optOutValue
        self.htmlValue = htmlValue
        self.textValue = textValue
        self.unknownFormatValue = unknownFormatValue
        self.mobileFormat = mobileFormat
    }
}
