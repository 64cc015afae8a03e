/// Types of fields, by the names of the field (research: REST names of list fields).
public enum FieldType: String, Sendable, Codable, CaseIterable {
    case str25 = "STR25"
    case str50 = "STR50"
    case str100 = "STR100"
    case str255 = "STR255"
    case str500 = "STR500"
    case str4000 = "STR4000"
    /// One character.
    case char = "CHAR"
    /// A whole number of up to 64 bits.
    case integer = "INTEGER"
    /// A decimal number.
    case number = "NUMBER"
    /// Stored as text "YYYY-MM-DD HH:MM:SS" so that it sorts and compares as time.
    case timestamp = "TIMESTAMP"

    /// Most characters (Unicode scalars) a value may have; nil for numbers and timestamps.
    public var maximumLength: Int? {
        switch self {
        case .str25: 25
        case .str50: 50
        case .str100: 100
        case .str255: 255
        case .str500: 500
        case .str4000: 4000
        case .char: 1
        case .integer, .number, .timestamp: nil
        }
    }
}

public struct Field: Sendable, Codable, Equatable {
    /// Upper case; system fields end in `_`.
    public var name: String
    public var type: FieldType

    public init(_ name: String, _ type: FieldType) {
        self.name = name
        self.type = type
    }
}

/// A profile list: the system fields of every list, then its own (domain facts §2.1).
public struct ProfileList: Sendable, Codable, Equatable {
    public var name: String
    /// Custom fields in the order they were added.
    public var customFields: [Field]

    public init(name: String, customFields: [Field]) {
        self.name = name
        self.customFields = customFields
    }

    public var fields: [Field] { ProfileList.systemFields + customFields }

    public func field(_ name: String) -> Field? { fields.first { $0.name == name } }

    /// In the order in which the field's own interface lists them.
    public static let systemFields: [Field] = [
        Field("RIID_", .integer),
        Field("CREATED_SOURCE_IP_", .str255),
        Field("CUSTOMER_ID_", .str255),
        Field("EMAIL_ADDRESS_", .str500),
        Field("EMAIL_DOMAIN_", .str255),
        Field("EMAIL_ISP_", .str255),
        Field("EMAIL_FORMAT_", .char),
        Field("EMAIL_PERMISSION_STATUS_", .char),
        Field("EMAIL_DELIVERABILITY_STATUS_", .char),
        Field("EMAIL_PERMISSION_REASON_", .str255),
        Field("EMAIL_MD5_HASH_", .str50),
        Field("EMAIL_SHA256_HASH_", .str100),
        Field("MOBILE_NUMBER_", .str50),
        Field("MOBILE_COUNTRY_", .str25),
        Field("MOBILE_PERMISSION_STATUS_", .char),
        Field("MOBILE_DELIVERABILITY_STATUS_", .char),
        Field("MOBILE_PERMISSION_REASON_", .str255),
        Field("POSTAL_STREET_1_", .str255),
        Field("POSTAL_STREET_2_", .str255),
        Field("CITY_", .str50),
        Field("STATE_", .str50),
        Field("POSTAL_CODE_", .str25),
        Field("COUNTRY_", .str50),
        Field("POSTAL_PERMISSION_STATUS_", .char),
        Field("POSTAL_DELIVERABILITY_STATUS_", .char),
        Field("POSTAL_PERMISSION_REASON_", .str255),
        Field("CREATED_DATE_", .timestamp),
        Field("MODIFIED_DATE_", .timestamp),
    ]

    /// Set by the host alone; a mapping onto one of them is refused.
    public static let derivedFields: Set<String> = [
        "RIID_", "EMAIL_MD5_HASH_", "EMAIL_SHA256_HASH_", "EMAIL_DOMAIN_", "EMAIL_ISP_", "CREATED_DATE_", "MODIFIED_DATE_",
        "CREATED_SOURCE_IP_", "EMAIL_PERMISSION_REASON_", "MOBILE_PERMISSION_REASON_", "POSTAL_PERMISSION_REASON_",
        "EMAIL_DELIVERABILITY_STATUS_", "MOBILE_DELIVERABILITY_STATUS_", "POSTAL_DELIVERABILITY_STATUS_",
    ]
    /// May be matched on although they are derived: the file brings them as keys (IMP-8).
    public static let matchableFields: [String] = [
        "RIID_", "CUSTOMER_ID_", "EMAIL_ADDRESS_", "MOBILE_NUMBER_", "EMAIL_MD5_HASH_", "EMAIL_SHA256_HASH_",
    ]
}
