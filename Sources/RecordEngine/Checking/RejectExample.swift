public import ConnectModel

/// A record that is refused, for each reason there is: what the guide of rejects shows, and what its test reads (IMP-15).
public struct RejectExample: Sendable {
    public let reason: RejectReason
    /// Columns of the file, which are fields of the list by the same names.
    public let columns: [Field]
    /// The record as it stands in the file, of UTF-8 with commas and double quotes.
    public let record: [UInt8]
    /// What is wrong with it.
    public let because: String
    /// Whether the store finds it, which the record alone does not show.
    public let isFoundByStore: Bool

    private init(_ reason: RejectReason, _ columns: [Field], _ record: String, _ because: String, byStore: Bool = false) {
        self.init(reason, columns, Array(record.utf8), because, byStore: byStore)
    }

    private init(_ reason: RejectReason, _ columns: [Field], _ record: [UInt8], _ because: String, byStore: Bool = false) {
        self.reason = reason
        self.columns = columns
        self.record = record
        self.because = because
        isFoundByStore = byStore
    }

    private static let email = Field("EMAIL_ADDRESS_", .str500)
    private static let name = Field("FIRST_NAME", .str25)
    private static let people = [email, name]

    private static func with(_ name: String, _ type: FieldType) -> [Field] { [email, Field(name, type)] }

    public static let all: [RejectExample] = [
        .init(.malformedEmail, people, "anna.example.com,Anna", "there is no @"),
        .init(.unknownTopLevelDomain, people, "anna@example.con,Anna", "there is no top-level domain .con"),
        .init(.emptyMatchKey, people, ",Anna", "the job matches on EMAIL_ADDRESS_"),
        .init(.emptyChannel, [email, Field("MOBILE_NUMBER_", .str25)], "anna@example.com,", "target.reject_if_empty has mobile"),
        .init(
            .badMobile, [email, Field("MOBILE_NUMBER_", .str25)], "anna@example.com,0151 234567",
            "there is no country code, and target.mobile_format is e164"),
        .init(
            .badMobileCountry, [email, Field("MOBILE_NUMBER_", .str25), Field("MOBILE_COUNTRY_", .str25)], "anna@example.com,0151 23456789,Germany",
            "target.mobile_format is local, and the country is no ISO code"),
        .init(
            .unassignedMobile, [email, Field("MOBILE_NUMBER_", .str25)], "anna@example.com,+49 30 123456",
            "target.mobile_check is strict, and numbers of Berlin are those of land lines"),
        .init(.badTimestamp, with("BIRTH_DATE", .timestamp), "anna@example.com,31.12.1999", "the format is YYYY-MM-DD HH24:MI:SS"),
        .init(.badNumber, with("TURNOVER", .number), "anna@example.com,\"1,5\"", "the decimal mark is a point"),
        .init(.badInteger, with("ORDERS", .integer), "anna@example.com,3.5", "the field takes whole numbers"),
        .init(.badPermission, with("EMAIL_PERMISSION_STATUS_", .char), "anna@example.com,yes", "target.opt_in_value is I, target.opt_out_value O"),
        .init(.badFormat, with("EMAIL_FORMAT_", .char), "anna@example.com,pdf", "target.html_value is H, target.text_value T"),
        .init(.tooLong, people, "anna@example.com,Anna Amalia von Sachsen-Weimar", "the field takes 25 characters, and target.long_text is reject"),
        .init(.tooFewFields, people, "anna@example.com", "the header has two fields"),
        .init(.tooManyFields, people, "anna@example.com,Anna,Berlin", "the header has two fields"),
        .init(.badEnclosure, people, "anna@example.com,\"Anna\" B", "text follows the closing quote"),
        .init(.unterminatedEnclosure, people, "anna@example.com,\"Anna", "the quote is never closed"),
        .init(.recordTooLong, people, "anna@example.com," + String(repeating: "x", count: 2000), "file.max_record_bytes is 1,024 here"),
        .init(.nulByte, people, "anna@example.com,An\u{0}na", "a NUL stands in the name"),
        .init(.undecodable, people, Array("anna@example.com,Ann".utf8) + [0xE4], "byte E4 is no UTF-8: the file may be of ISO-8859-1"),
        .init(.badHash, [Field("EMAIL_MD5_HASH_", .str50), name], "12345,Anna", "an MD5 hash has 32 hexadecimal digits"),
        .init(.ambiguousMatch, people, "anna@example.com,Anna", "two rows of the list have the address", byStore: true),
        .init(
            .unknownPerson, people, "anna@example.com,Anna", "the record is for an extension of a list that has nobody of this address", byStore: true
        ),
        .init(.keyTaken, people, "anna@example.com,Anna", "target.on_match refuses it, and the table has the key", byStore: true),
    ]
}
