public import ConnectModel
public import RecordEngine

/// What imports do where their jobs leave it to the account (IMP-9).
public struct AccountImports: Sendable, Equatable {
    public var mobileFormat: CheckRules.MobileFormat
    /// ISO code of the country of national numbers; nil: there is none.
    public var mobileCountry: String?

    public static let settingName = "imports"

    public init(mobileFormat: CheckRules.MobileFormat = .e164, mobileCountry: String? = nil) {
        self.mobileFormat = mobileFormat
        self.mobileCountry = mobileCountry
    }

    /// As it is stored.
    public init(_ json: JSONValue) {
        mobileFormat = json["mobile_format"]?.stringValue.flatMap(CheckRules.MobileFormat.init(rawValue:)) ?? .e164
        mobileCountry = json["mobile_country"]?.stringValue
    }

    public var json: JSONValue {
        var members: [String: JSONValue] = ["mobile_format": .string(mobileFormat.rawValue)]
        if let mobileCountry { members["mobile_country"] = .string(mobileCountry) }
        return .object(members)
    }
}
