import ConnectModel
import Foundation
import Testing

@testable import RecordEngine

/// The stored form of one value of a field, or the reason it is refused.
private func stored(_ value: String, _ name: String, _ type: FieldType, _ rules: CheckRules = CheckRules()) -> String {
    let check = ColumnCheck(Field(name, type), rules, TopLevelDomains(text: "# test\nCOM\norg\nDE\nXN--P1AI\nXN--FIQS8S\n"))
    let input = TextColumn(rowCapacity: 1, byteCapacity: 64)
    let output = TextColumn(rowCapacity: 1, byteCapacity: 64)
    Array(value.utf8).withUnsafeBytes { input.append($0) }
    var reason: RejectReason?
    check.run(input, rows: 1, into: output) { reason = $1 }
    #expect(output.offsets.count == 2)
    if let reason {
        #expect(output[0].isEmpty)
        return reason.rawValue
    }
    return String(decoding: output[0], as: UTF8.self)
}

@Suite struct ValueRuleTests {
    static let emails: [(String, String)] = [
        ("anna@example.com", "anna@example.com"), ("  Anna.B+Tag@EXAMPLE.Com\t", "anna.b+tag@example.com"),
        ("!#$%&'*+-/=?^_`{|}~@x.org", "!#$%&'*+-/=?^_`{|}~@x.org"), ("a@b-c.9x.de", "a@b-c.9x.de"), ("1@2.com", "1@2.com"),
        (String(repeating: "a", count: 64) + "@x.com", String(repeating: "a", count: 64) + "@x.com"),
        ("müller@x.com", "EMAIL_MALFORMED"), ("a@MÜLLER.de", "a@müller.de"), ("a@почта.рф", "a@почта.рф"), ("a@例子.中国", "a@例子.中国"),
        ("a@xn--e1aybc.xn--p1ai", "a@xn--e1aybc.xn--p1ai"), ("a@x.рус", "EMAIL_UNKNOWN_TLD"), ("a@m\u{301}x.de", "a@m\u{301}x.de"),
        ("a@\u{301}x.de", "EMAIL_MALFORMED"), ("a@x☃.de", "EMAIL_MALFORMED"), ("a@-ü.de", "EMAIL_MALFORMED"), ("a@ü..de", "EMAIL_MALFORMED"),
        (String(repeating: "a", count: 65) + "@x.com", "EMAIL_MALFORMED"),
        ("a@" + String(repeating: "b", count: 63) + ".com", "a@" + String(repeating: "b", count: 63) + ".com"),
        ("a@" + String(repeating: "b", count: 64) + ".com", "EMAIL_MALFORMED"),
        ("a@" + String(repeating: "bcdefghij.", count: 25) + "com", "EMAIL_MALFORMED"),
        (".a@x.com", "EMAIL_MALFORMED"), ("a.@x.com", "EMAIL_MALFORMED"), ("a..b@x.com", "EMAIL_MALFORMED"), ("a", "EMAIL_MALFORMED"),
        ("@x.com", "EMAIL_MALFORMED"), ("a@", "EMAIL_MALFORMED"), ("a@com", "EMAIL_MALFORMED"), ("a@x.com.", "EMAIL_MALFORMED"),
        ("a@.com", "EMAIL_MALFORMED"), ("a@x..com", "EMAIL_MALFORMED"), ("a@-x.com", "EMAIL_MALFORMED"), ("a@x-.com", "EMAIL_MALFORMED"),
        ("a b@x.com", "EMAIL_MALFORMED"), ("a@x y.com", "EMAIL_MALFORMED"), ("a@b@x.com", "EMAIL_MALFORMED"), ("\"a b\"@x.com", "EMAIL_MALFORMED"),
        ("a@[127.0.0.1]", "EMAIL_MALFORMED"), ("a@127.0.0.1", "EMAIL_UNKNOWN_TLD"), ("a@x_y.com", "EMAIL_MALFORMED"),
        ("a@x.con", "EMAIL_UNKNOWN_TLD"),
        ("Anna <a@x.com>", "EMAIL_MALFORMED"), ("a@x.com,b@x.com", "EMAIL_MALFORMED"), ("a\u{7F}@x.com", "EMAIL_MALFORMED"), ("", ""), ("  ", ""),
    ]

    @Test("IMP-15: e-mail addresses as mail systems accept them", arguments: emails)
    func email(value: String, expected: String) { #expect(stored(value, "EMAIL_ADDRESS_", .str500) == expected) }

    static let timestamps: [(NamedDateFormat, String, String)] = [
        (.standardLongNoMillis, "2024-02-29 23:59:58", "2024-02-29 23:59:58"), (.standardLongNoMillis, "2024-02-29", "2024-02-29 00:00:00"),
        (.standardLongNoMillis, "2024-2-9 1:02:03", "2024-02-09 01:02:03"), (.standardLongNoMillis, "2024-01-01 10:20:30.123", "2024-01-01 10:20:30"),
        (.standardLongNoMillis, "2023-02-29 00:00:00", "TIMESTAMP_INVALID"), (.standardLongNoMillis, "2024-01-01 24:00:00", "TIMESTAMP_INVALID"),
        (.standardLongNoMillis, "2024-01-01 10:20", "TIMESTAMP_INVALID"), (.standardLongNoMillis, "24-01-01", "TIMESTAMP_INVALID"),
        (.standardLongNoMillis, "2024-13-01", "TIMESTAMP_INVALID"), (.standardLongNoMillis, "2024-00-01", "TIMESTAMP_INVALID"),
        (.standardLongNoMillis, "2024-01-01x", "TIMESTAMP_INVALID"), (.standardLongNoMillis, "0000-01-01", "TIMESTAMP_INVALID"),
        (.standardLongNoMillis, "2024-01-01 1:2:3", "TIMESTAMP_INVALID"), (.standardLongNoMillis, "1900-02-29", "TIMESTAMP_INVALID"),
        (.standardLongNoMillis, "2000-02-29", "2000-02-29 00:00:00"), (.standardLongNoMillis, "2024-", "TIMESTAMP_INVALID"),
        (.standardLongNoSeconds, "2024-05-06 07:08", "2024-05-06 07:08:00"), (.standardLongAMNoSeconds, "2024-05-06 12:08 am", "2024-05-06 00:08:00"),
        (.standardLongAMNoSeconds, "2024-05-06 12:08PM", "2024-05-06 12:08:00"),
        (.standardLongAMNoSeconds, "2024-05-06 13:08 PM", "TIMESTAMP_INVALID"),
        (.standardLongAMNoSeconds, "2024-05-06 00:08 AM", "TIMESTAMP_INVALID"), (.standardLongAMNoSeconds, "2024-05-06 01:08", "TIMESTAMP_INVALID"),
        (.standardLongAMNoMillis, "2024-05-06 11:08:09 PM", "2024-05-06 23:08:09"),
        (.standardLongNoDelimiters, "20240506 07:08:09", "2024-05-06 07:08:09"),
        (.standardLongNoDelimiters, "20240506", "2024-05-06 00:00:00"), (.standardLongNoDelimiters, "2024056 07:08:09", "TIMESTAMP_INVALID"),
        (.excelFullCSV, "5/6/2024 7:08:09 PM", "2024-05-06 19:08:09"), (.standardLongSlash, "2024/05/06 07:08:09", "2024-05-06 07:08:09"),
        (.standardLongSlashNoMillis, "2024/05/06 07:08:09", "2024-05-06 07:08:09"),
        (.usLongSlashAMNoSeconds, "05/06/2024 07:08PM", "2024-05-06 19:08:00"),
        (.usLongSlashNoMillis, "05/06/24 07:08:09", "2024-05-06 07:08:09"), (.usLongSlashNoMillis, "05/06/1924 07:08:09", "1924-05-06 07:08:09"),
        (.usLongSlashNoMillis, "05/06/192 07:08:09", "TIMESTAMP_INVALID"), (.usLongSlashNoSeconds, "05/06/2024 07:08", "2024-05-06 07:08:00"),
        (.usLongAMNoMillis, "05-06-2024 07:08:09 AM", "2024-05-06 07:08:09"), (.usLongAMNoSeconds, "05-06-2024 07:08AM", "2024-05-06 07:08:00"),
        (.usLongNoSeconds, "05-06-2024 07:08", "2024-05-06 07:08:00"), (.oracleAMDateTime, "06-may-2024 07:08:09 PM", "2024-05-06 19:08:09"),
        (.oracleRRRRDateTime, "06-MAY-49 07:08:09", "2049-05-06 07:08:09"), (.oracleRRRRDateTime, "06-MAY-2050 07:08:09", "2050-05-06 07:08:09"),
        (.oracleRRRRAMNoSeconds, "06-MAY-50 07:08 AM", "1950-05-06 07:08:00"), (.oracleRRDateTime, "06-DEC-99 07:08:09", "1999-12-06 07:08:09"),
        (.oracleRRDateTime, "06-DEC-2099 07:08:09", "TIMESTAMP_INVALID"), (.oracleRRDateTime, "06-XXX-99", "TIMESTAMP_INVALID"),
        (.oracleRRAMNoSeconds, "06-JAN-00 12:00 AM", "2000-01-06 00:00:00"), (.euLongSlashNoMillis, "31/12/2024 23:59:59", "2024-12-31 23:59:59"),
        (.euLongSlashNoMillis, "12/31/2024 23:59:59", "TIMESTAMP_INVALID"),
    ]

    @Test("IMP-9, domain §5.1: timestamps in the named formats become one text", arguments: timestamps)
    func timestamp(format: NamedDateFormat, value: String, expected: String) {
        #expect(stored(value, "BIRTH_DATE", .timestamp, CheckRules(dateFormat: DateFormat(format))) == expected)
    }

    @Test("IMP-9, domain §5.1: every named format is tried above") func everyFormat() {
        #expect(Set(Self.timestamps.map(\.0)) == Set(NamedDateFormat.allCases))
    }

    static let numbers: [(FieldType, String, String)] = [
        (.integer, "+007", "7"), (.integer, "-0", "0"), (.integer, "000", "0"), (.integer, "9223372036854775807", "9223372036854775807"),
        (.integer, "-9223372036854775808", "-9223372036854775808"), (.integer, "9223372036854775808", "INTEGER_INVALID"),
        (.integer, "-", "INTEGER_INVALID"),
        (.integer, "1.0", "INTEGER_INVALID"), (.integer, "1 000", "INTEGER_INVALID"), (.integer, " 42 ", "42"),
        (.integer, "99999999999999999999", "INTEGER_INVALID"),
        (.number, "1.50", "1.5"), (.number, "+.5", "0.5"), (.number, "-0.0", "0"), (.number, "5.", "5"), (.number, ".", "NUMBER_INVALID"),
        (.number, "1e3", "1000"),
        (.number, "1.25E-3", "0.00125"), (.number, "100", "100"), (.number, "0.001", "0.001"), (.number, "1,5", "NUMBER_INVALID"),
        (.number, "1e", "NUMBER_INVALID"),
        (.number, "-12.340e1", "-123.4"), (.number, "1e99", "NUMBER_INVALID"), (.number, "0e99", "0"), (.number, "NaN", "NUMBER_INVALID"),
        (.number, "--1", "NUMBER_INVALID"),
        (.number, "10203040506070809010203040506070809012", "10203040506070809010203040506070809012"),
        (.number, "123456789012345678901234567890123456789", "NUMBER_INVALID"), (.number, "1.2.3", "NUMBER_INVALID"), (.number, "0010.0100", "10.01"),
        (.str25, String(repeating: "é", count: 25), String(repeating: "é", count: 25)), (.str25, String(repeating: "x", count: 26), "VALUE_TOO_LONG"),
        (.str25, String(repeating: "é", count: 26), "VALUE_TOO_LONG"), (.str25, " a b ", "a b"), (.char, "é", "é"), (.char, "ab", "VALUE_TOO_LONG"),
    ]

    @Test("IMP-15: numbers in canonical text, text within its length", arguments: numbers)
    func number(type: FieldType, value: String, expected: String) { #expect(stored(value, "X", type) == expected) }

    static let mobiles: [(String, String)] = [
        ("+49 (151) 234-567.8", "491512345678"), ("123456", "123456"), ("12345", "MOBILE_INVALID"), ("123456789012345", "123456789012345"),
        ("1234567890123456", "MOBILE_INVALID"), ("0151234567", "MOBILE_INVALID"), ("++49151", "MOBILE_INVALID"), ("49151a23456", "MOBILE_INVALID"),
        ("+", "MOBILE_INVALID"),
    ]

    @Test("IMP-9: mobile numbers as E.164 without the plus", arguments: mobiles)
    func mobile(value: String, expected: String) { #expect(stored(value, "MOBILE_NUMBER_", .str50) == expected) }

    @Test("IMP-9, domain §2.5: permission and format values are the job's") func choices() {
        let rules = CheckRules(optInValue: "Yes", optOutValue: "no", htmlValue: "1", textValue: "0")
        #expect(stored("YES", "EMAIL_PERMISSION_STATUS_", .char, rules) == "I")
        #expect(stored(" no ", "MOBILE_PERMISSION_STATUS_", .char, rules) == "O")
        #expect(stored("I", "POSTAL_PERMISSION_STATUS_", .char, rules) == "PERMISSION_INVALID")
        #expect(stored("1", "EMAIL_FORMAT_", .char, rules) == "H")
        #expect(stored("0", "EMAIL_FORMAT_", .char, rules) == "T")
        #expect(stored("u", "EMAIL_FORMAT_", .char, rules) == "U")
        #expect(stored("H", "EMAIL_FORMAT_", .char, rules) == "EMAIL_FORMAT_INVALID")
    }

    @Test("IMP-15: the list of top-level domains is read from IANA's form of file") func topLevelDomains() throws {
        let domains = TopLevelDomains(text: "# Version 2026112300\r\nCOM\r\nxn--p1ai\r\n\r\n中国\r\n")
        #expect(domains.count == 3 && domains.source == "Version 2026112300")
        for (label, expected) in [("com", true), ("xn--fiqs8s", true), ("co", false), ("comm", false), ("", false)] {
            #expect(Array(label.utf8).withUnsafeBytes { domains.contains($0) } == expected)
        }
        #expect(throws: ConnectError.self) { try TopLevelDomains(path: "/nowhere/tlds.txt") }
        let page = FileManager.default.temporaryDirectory.appendingPathComponent("tlds-\(UUID().uuidString).txt")
        defer { try? FileManager.default.removeItem(at: page) }
        try Data("<!DOCTYPE html>\nForbidden\n</html>\n".utf8).write(to: page)
        let refused = #expect(throws: ConnectError.self) { try TopLevelDomains(path: page.path) }
        #expect(refused?.code == "tlds.unreadable" && refused?.category == .configuration)
    }

    @Test("IMP-15: labels in other scripts become A-labels (RFC 3492 §7.1)") func punycode() {
        #expect(Punycode.encode(Array("ليهمابتكلموشعربي؟".unicodeScalars)) == "egbpdaj6bu4bxfgehfvwxn")
        #expect(Punycode.encode(Array("他们为什么不说中文".unicodeScalars)) == "ihqwcrb4cv8a8dqg056pqjye")
        #expect(Punycode.encode(Array("Pročprostěnemluvíčesky".unicodeScalars)) == "Proprostnemluvesky-uyb24dma41a")
        #expect(Punycode.encode(Array("3年B組金八先生".unicodeScalars)) == "3B-ww4c5e180e575a65lsy2b")
    }
}

@Suite struct RecordCheckerTests {
    private let domains = TopLevelDomains(text: "com\n")

    private func check(
        _ text: String, _ names: [String: String] = [:], policy: MergePolicy = MergePolicy(), custom: [Field] = []
    ) throws -> (fields: [String], checked: CheckedBatch) {
        let reader = try DelimitedReader(source: MemorySource(Array(text.utf8)), format: DelimitedFormat())
        let plan = MappingPlan.make(
            header: reader.header, target: MappingTarget(AudienceTable(name: "L", customFields: custom)), manual: names, policy: policy)
        try #require(plan.isUsable, "\(plan.problems)")
        let checker = RecordChecker(mapped: plan.columns, policy: policy, rules: CheckRules(), topLevelDomains: domains)
        let batch = try #require(try reader.next())
        return (checker.columns.map(\.name), checker.check(batch))
    }

    private func hex(_ bytes: UnsafeRawBufferPointer) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

    @Test("IMP-8, domain §2.1: derived columns follow the mapped ones, of the trimmed address in lower case") func derived() throws {
        let (fields, checked) = try check(
            "TIER,EMAIL\nGOLD, Anna@Example.COM \nSILVER,\n", policy: MergePolicy(match: []), custom: [Field("TIER", .str25)])
        #expect(fields == ["TIER", "EMAIL_ADDRESS_", "EMAIL_DOMAIN_", "EMAIL_MD5_HASH_", "EMAIL_SHA256_HASH_"])
        let columns = checked.batch.columns
        #expect(checked.accepted == [true, true] && checked.batch.lineNumbers == [2, 3])
        #expect(String(decoding: columns[1][0], as: UTF8.self) == "anna@example.com")
        #expect(String(decoding: columns[2][0], as: UTF8.self) == "example.com")
        // printf %s anna@example.com | md5sum; … | sha256sum
        #expect(hex(columns[3][0]) == "6b56db1f84a3997b902509d3fbf0a306")
        #expect(hex(columns[4][0]) == "f7d54c22dda5b1780276601cd005909b70543fc4a6ba72d735b4cb9bbb611f01")
        #expect(columns[1...].allSatisfy { $0[1].isEmpty })
    }

    @Test("IMP-15: rejects come in line order, one reason each, with the raw record and the field") func rejects() throws {
        let text = "EMAIL,CUST_ID,AGE\na@x.com,1,30\nbad,2,x\n\"a@x.com\",\nb@x.con,3,31\n ,4,32\nc@x.com,5,y\n"
        let (_, checked) = try check(text, custom: [Field("AGE", .integer)])
        #expect(checked.accepted == [true, false, false, false, false] && checked.acceptedCount == 1)
        let found = checked.rejects.map { "\($0.line) \($0.reason.rawValue) \($0.field ?? "-") \(String(decoding: $0.raw, as: UTF8.self))" }
        #expect(
            found == [
                "3 EMAIL_MALFORMED EMAIL_ADDRESS_ bad,2,x", "4 FIELDS_TOO_FEW - \"a@x.com\",", "5 EMAIL_UNKNOWN_TLD EMAIL_ADDRESS_ b@x.con,3,31",
                "6 MATCH_KEY_EMPTY EMAIL_ADDRESS_  ,4,32", "7 INTEGER_INVALID AGE c@x.com,5,y",
            ])
    }

    @Test("IMP-9, domain §2.5: records without the address of a required channel are refused") func channels() throws {
        let policy = MergePolicy(match: ["CUSTOMER_ID_"], rejectIfEmpty: [.mobile, .postal])
        let text = "CUST_ID,MOBILE,STREET1,STREET2\n1,491511234567,A,\n2,,A,\n3,491511234567,,B\n4,491511234567, ,\n"
        let (_, checked) = try check(text, policy: policy)
        #expect(checked.accepted == [true, false, true, false])
        #expect(checked.rejects.map(\.field) == ["MOBILE_NUMBER_", "POSTAL_STREET_1_"])
        #expect(checked.rejects.allSatisfy { $0.reason == .emptyChannel })
    }

    @Test("IMP-8: a hash that the file brings as key is stored raw and not derived again") func hashKey() throws {
        let policy = MergePolicy(match: ["EMAIL_MD5_HASH_"], onNoMatch: .skip)
        let md5 = "6b56db1f84a3997b902509d3fbf0a306"
        let (fields, checked) = try check("EMAIL_MD5_HASH_,EMAIL\n\(md5.uppercased()),anna@example.com\nzz,b@x.com\n", policy: policy)
        #expect(fields == ["EMAIL_MD5_HASH_", "EMAIL_ADDRESS_", "EMAIL_DOMAIN_", "EMAIL_SHA256_HASH_"])
        #expect(hex(checked.batch.columns[0][0]) == md5)
        #expect(checked.rejects.map(\.reason) == [.badHash])
    }

    @Test("IMP-15: columns that need no change are shared, others are recycled clean") func recycling() throws {
        let target = MappingTarget(AudienceTable(name: "L", customFields: [Field("A", .str25)]))
        let names = (0..<20_000).map { $0 % 3 == 0 ? "  padded\($0)" : "plain\($0)" }
        let text = "A,EMAIL\n" + names.enumerated().map { "\($1),u\($0)@x.com\n" }.joined()
        let reader = try DelimitedReader(source: MemorySource(Array(text.utf8)), format: DelimitedFormat(), batchBytes: 4096)
        let plan = MappingPlan.make(header: reader.header, target: target, policy: MergePolicy())
        let checker = RecordChecker(mapped: plan.columns, policy: MergePolicy(), rules: CheckRules(), topLevelDomains: domains)
        var row = 0
        while let batch = try reader.next() {
            let checked = checker.check(batch)
            for index in 0..<batch.rowCount {
                #expect(String(decoding: checked.batch.columns[0][index], as: UTF8.self) == names[row].trimmingCharacters(in: .whitespaces))
                #expect(String(decoding: checked.batch.columns[1][index], as: UTF8.self) == "u\(row)@x.com")
                #expect(checked.batch.columns[3][index].count == 16 && checked.batch.columns[4][index].count == 32)
                row += 1
            }
            checker.recycle(checked)
            reader.recycle(checked.source)
        }
        #expect(row == 20_000)
    }
}
