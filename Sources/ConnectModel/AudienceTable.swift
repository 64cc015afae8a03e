/// What an audience table holds and whom its rows belong to. Tables of every kind share one name space.
public enum TableKind: String, Sendable, Codable, CaseIterable {
    /// People: the system fields of every list, then its own.
    case list
    /// Free rows, unique by the table's own key fields where it has some.
    case supplemental
    /// One row a member of a profile list, under the member's RIID_ (PET).
    case pet
    /// The app installs of a profile list's people; one such list a profile list.
    case app
    /// One row an install of an App Channel list, under the install's RIID_.
    case appPet = "app_pet"

    /// "profile extension table", for sentences.
    public var noun: String {
        switch self {
        case .list: "list"
        case .supplemental: "supplemental table"
        case .pet: "profile extension table"
        case .app: "App Channel list"
        case .appPet: "App Channel extension table"
        }
    }

    /// The kind of table that one of this kind belongs to; nil for those that stand alone.
    public var ownerKind: TableKind? {
        switch self {
        case .list, .supplemental: nil
        case .pet, .app: .list
        case .appPet: .app
        }
    }

    /// Whether its rows are found through the rows of its owner, whose ids they carry.
    public var isExtension: Bool { self == .pet || self == .appPet }
    /// Whether its rows carry a RIID_ that people may see: their own, or their owner's.
    public var hasRecipientID: Bool { self != .supplemental }
    public var mayHaveCustomFields: Bool { self != .app }

    /// Fields of every table of this kind, before its own.
    public var systemFields: [Field] {
        switch self {
        case .list: ProfileList.systemFields
        case .app: AppChannelList.systemFields
        case .supplemental: [Field("CREATED_DATE_", .timestamp), Field("MODIFIED_DATE_", .timestamp)]
        case .pet, .appPet: [Field("RIID_", .integer), Field("CREATED_DATE_", .timestamp), Field("MODIFIED_DATE_", .timestamp)]
        }
    }

    /// Set by the host alone; a mapping onto one of them is refused, unless it is matched on.
    public var derivedFields: Set<String> {
        self == .list ? ProfileList.derivedFields : ["RIID_", "CREATED_DATE_", "MODIFIED_DATE_"]
    }
}

/// A table of the audience store: what it is called, what it is made of, and what it belongs to (domain facts §2).
public struct AudienceTable: Sendable, Codable, Equatable {
    public var name: String
    public var kind: TableKind
    /// Fields of its own in the order they were added.
    public var customFields: [Field]
    /// The list of a PET or of an App Channel list, the App Channel list of an App Channel PET; nil for the rest.
    public var owner: String?
    /// Of a supplemental table: fields whose values together are unique and never empty. May be none.
    public var keyFields: [String]
    /// Of a supplemental table: fields that refer to people (the "data extraction key"); no rule of loading comes from them.
    public var dataExtractionKey: [String]
    /// Of an automatically generated table: when the host drops it. A table that a person made never has it (IMP-14).
    public var expiresAtUnixMilliseconds: Int64?

    public init(
        name: String, kind: TableKind = .list, customFields: [Field] = [], owner: String? = nil, keyFields: [String] = [],
        dataExtractionKey: [String] = [],
        expiresAtUnixMilliseconds: Int64? = nil
    ) {
        self.name = name
        self.kind = kind
        self.customFields = customFields
        self.owner = owner
        self.keyFields = keyFields
        self.dataExtractionKey = dataExtractionKey
        self.expiresAtUnixMilliseconds = expiresAtUnixMilliseconds
    }

    /// In the order in which the table shows them.
    public var fields: [Field] { kind.systemFields + customFields }

    public func field(_ name: String) -> Field? { fields.first { $0.name == name } }

    /// By which a load may find the rows of this table, or of its owner where the rows belong to that.
    public var matchableFields: [String] {
        switch kind {
        case .list, .pet: ProfileList.matchableFields
        case .app, .appPet: AppChannelList.matchableFields
        case .supplemental: keyFields
        }
    }
}

/// What is said of the fields of every profile list (domain facts §2.1).
public enum ProfileList {
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
    /// Follow from the address and come with it from the record checks.
    public static let fieldsOfAddress: Set<String> = ["EMAIL_DOMAIN_", "EMAIL_MD5_HASH_", "EMAIL_SHA256_HASH_"]
}

/// What is said of the fields of every App Channel list (domain facts §2.2; what those leave open is our own choice and documented).
public enum AppChannelList {
    public static let systemFields: [Field] = [
        Field("RIID_", .integer),
        Field("PROFILE_RIID_", .integer),
        Field("DEVICE_ID_", .str255),
        Field("API_KEY_", .str100),
        Field("APP_ID_", .str100),
        Field("ADVERTISER_ID_", .str255),
        Field("EXTERNAL_DEVICE_TRACKING_ID_", .str255),
        Field("CHANNEL_PERMISSION_STATUS_", .char),
        Field("PUSH_PERM_AUTH_STATUS_", .char),
        Field("ADMIN_AREA1_", .str50),
        Field("ADMIN_AREA2_", .str50),
        Field("CREATED_DATE_", .timestamp),
        Field("MODIFIED_DATE_", .timestamp),
    ]
    public static let matchableFields = ["RIID_", "ADVERTISER_ID_", "EXTERNAL_DEVICE_TRACKING_ID_", "DEVICE_ID_", "API_KEY_"]
    /// The only two that go together (guide §3.4.3).
    public static let devicePair: Set<String> = ["DEVICE_ID_", "API_KEY_"]
}
