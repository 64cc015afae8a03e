import ConnectModel
import Foundation
import Testing

@testable import RecordEngine

/// The stored number, or the reason it is refused.
private func stored(
    _ value: String, _ format: CheckRules.MobileFormat, country: String? = nil, standard: String? = nil, library: PhoneNumberLibrary? = nil
) -> String {
    let rule = MobileRule(format, defaultCountry: standard, library: library)
    let output = ByteBuffer(capacity: 64)
    let reason = Array(value.utf8).withUnsafeBytes { value in
        guard let country else { return rule.check(value, country: nil, into: output) }
        return Array(country.utf8).withUnsafeBytes { rule.check(value, country: $0, into: output) }
    }
    if let reason {
        #expect(output.count == 0)
        return reason.rawValue
    }
    return String(decoding: output.bytes, as: UTF8.self)
}

@Suite struct MobileRuleTests {
    @Test(
        "IMP-9, domain §2.6: E.164 numbers begin with an assigned calling code",
        arguments: [
            ("+49 (151) 234-56.789", "4915123456789"), ("4915123456789", "4915123456789"), ("1 212 555 0100", "12125550100"),
            ("+870776000000", "870776000000"),
            ("+999123456789", "MOBILE_INVALID"), ("210123456", "MOBILE_INVALID"), ("0151 23456789", "MOBILE_INVALID"),
            ("004915123456789", "MOBILE_INVALID"),
            ("+49123", "MOBILE_INVALID"), ("1234567890123456", "MOBILE_INVALID"), ("+49 151 abc", "MOBILE_INVALID"), ("+", "MOBILE_INVALID"),
        ])
    func international(value: String, expected: String) { #expect(stored(value, .e164) == expected) }

    @Test(
        "IMP-9, domain §2.6: local numbers take the calling code of the record's country, else of the job's",
        arguments: [
            ("0151 23456789", "DE", nil, "4915123456789"), ("151 23456789", " de ", nil, "4915123456789"),
            ("0151 23456789", nil, "DE", "4915123456789"),
            ("0151 23456789", "", "DE", "4915123456789"), ("06 12 34 56 78", "FR", "DE", "33612345678"), ("(212) 555-0100", "US", nil, "12125550100"),
            ("1-212-555-0100", "US", nil, "12125550100"), ("8 912 345-67-89", "RU", nil, "79123456789"), ("347 1234567", "IT", nil, "393471234567"),
            ("+33 6 12 34 56 78", "DE", nil, "33612345678"), ("0033612345678", "DE", nil, "33612345678"),
            ("4915123456789", "DE", nil, "4915123456789"),
            ("0151 23456789", nil, nil, "MOBILE_COUNTRY_INVALID"), ("0151 23456789", "Germany", "DE", "MOBILE_COUNTRY_INVALID"),
            ("0151 23456789", "XX", "DE", "MOBILE_COUNTRY_INVALID"), ("12345", "FR", nil, "MOBILE_INVALID"),
            ("06 12 34 56 78 90", "FR", nil, "MOBILE_INVALID"),
        ] as [(String, String?, String?, String)])
    func local(value: String, country: String?, standard: String?, expected: String) {
        #expect(stored(value, .local, country: country, standard: standard) == expected)
    }

    @Test("IMP-9, domain §2.6: without a format any text is a number, up to the field's length")
    func anything() {
        #expect(stored("0151/abc", .none) == "0151/abc")
        #expect(stored(String(repeating: "1", count: 51), .none) == "VALUE_TOO_LONG")
    }

    @Test(
        "IMP-9: the country of an E.164 number comes from what it begins with",
        arguments: [
            ("4915123456789", "DE"), ("12125550100", "US"), ("14165550100", "CA"), ("18765550100", "JM"), ("18095550100", "DO"),
            ("79123456789", "RU"),
            ("77012345678", "KZ"), ("447700900123", "GB"), ("358401234567", "FI"), ("870776000000", ""),
        ])
    func country(number: String, iso: String) {
        let countries = MobileCountries.standard
        let found = Array(number.utf8).withUnsafeBytes { countries.country(of: $0) }
        #expect(found.map { String(decoding: countries.countries[$0].iso, as: UTF8.self) } ?? "" == iso)
    }

    @Test("IMP-9: MOBILE_COUNTRY_ is filled in from the number, unless the file brings it or no format is asked for")
    func derived() throws {
        let fields = [Field("EMAIL_ADDRESS_", .str500), Field("MOBILE_NUMBER_", .str50)]
        func columns(_ fields: [Field], _ format: CheckRules.MobileFormat) -> (RecordChecker, [String]) {
            let mapped = fields.enumerated().map { MappedColumn(sourceIndex: $0, sourceName: $1.name, field: $1, reason: "same name") }
            let checker = RecordChecker(
                mapped: mapped, policy: MergePolicy(), rules: CheckRules(mobileFormat: format),
                topLevelDomains: TopLevelDomains(text: "# test\nCOM\n"))
            return (checker, checker.columns.map(\.name))
        }
        #expect(!columns(fields, .none).1.contains("MOBILE_COUNTRY_"))
        #expect(columns(fields + [Field("MOBILE_COUNTRY_", .str25)], .e164).1.count { $0 == "MOBILE_COUNTRY_" } == 1)
        let (checker, names) = columns(fields, .e164)
        let place = try #require(names.firstIndex(of: "MOBILE_COUNTRY_"))
        let text = "EMAIL_ADDRESS_,MOBILE_NUMBER_\na@x.com,+49 151 23456789\nb@x.com,\nc@x.com,12\nd@x.com,14165550100\n"
        let reader = try DelimitedReader(source: MemorySource(Array(text.utf8)), format: try DelimitedFormat())
        let batch = try #require(try reader.next())
        let checked = checker.check(batch)
        #expect(checked.accepted == [true, true, false, true])
        #expect((0..<4).map { String(decoding: checked.batch.columns[place][$0], as: UTF8.self) } == ["DE", "", "", "CA"])
    }
}

extension PhoneNumberLibrary {
    /// Beside the test bundle in the build directory.
    static var built: String {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().path + "/libPhoneNumbers.so"
    }
}

/// Mobile numbers by what countries give out (IMP-9, domain facts §2.6).
@Suite struct StrictMobileTests {
    @Test(
        "IMP-9, domain §2.6: the strict check takes the numbers that a country gives out for mobile phones, and no others",
        arguments: [
            ("+49 151 23456789", "4915123456789"), ("+33 6 12 34 56 78", "33612345678"), ("+1 212 555 0123", "12125550123"),
            ("+44 7400 123456", "447400123456"),
            ("+54 9 11 2345-6789", "5491123456789"),
            // Right by calling code and length, and not mobile or nobody's.
            ("+49 30 123456", "MOBILE_UNASSIGNED"), ("+33 1 42 68 53 00", "MOBILE_UNASSIGNED"), ("+44 20 7946 0958", "MOBILE_UNASSIGNED"),
            ("+1 111 555 0123", "MOBILE_UNASSIGNED"), ("+999 123456789", "MOBILE_UNASSIGNED"), ("0151 23456789", "MOBILE_UNASSIGNED"),
            ("+49 151 abc", "MOBILE_INVALID"),
        ])
    func international(value: String, expected: String) throws {
        #expect(stored(value, .e164, library: try PhoneNumberLibrary(path: PhoneNumberLibrary.built)) == expected)
    }

    @Test(
        "IMP-9: the strict check knows how national numbers are dialled",
        arguments: [
            ("0151 23456789", "DE", nil, "4915123456789"), ("0151 23456789", nil, "DE", "4915123456789"),
            ("011 15-2345-6789", "AR", nil, "5491123456789"),
            ("347 1234567", "IT", "DE", "393471234567"), ("8 (912) 345-67-89", "RU", nil, "79123456789"), ("0033612345678", "DE", nil, "33612345678"),
            ("+33 6 12 34 56 78", "DE", nil, "33612345678"), ("030 123456", "DE", nil, "MOBILE_UNASSIGNED"),
            ("0151 23456789", nil, nil, "MOBILE_COUNTRY_INVALID"),
            ("0151 23456789", "XX", "DE", "MOBILE_COUNTRY_INVALID"),
        ] as [(String, String?, String?, String)])
    func local(value: String, country: String?, standard: String?, expected: String) throws {
        #expect(
            stored(value, .local, country: country, standard: standard, library: try PhoneNumberLibrary(path: PhoneNumberLibrary.built)) == expected)
    }

    @Test("IMP-9: where the library is not installed, a job that asks for it says so")
    func missing() throws {
        let error = #expect(throws: ConnectError.self) { _ = try PhoneNumberLibrary(path: "/nonexistent/libPhoneNumbers.so") }
        #expect(error?.code == "mobile.library" && error?.category == .configuration)
        #expect(error?.remedy?.contains("libphonenumber8") == true)
    }
}

@Suite struct LongTextTests {
    @Test("IMP-9, domain §2.3: text too long for its field is cut where the job says so, by whole characters, and counted; match fields are not")
    func cutting() throws {
        let fields = [Field("CUSTOMER_ID_", .str25), Field("CITY_", .str25), Field("NOTE", .str25)]
        let mapped = fields.enumerated().map { MappedColumn(sourceIndex: $0, sourceName: $1.name, field: $1, reason: "same name") }
        let checker = RecordChecker(
            mapped: mapped, policy: MergePolicy(match: ["CUSTOMER_ID_"]), rules: CheckRules(longText: .truncate),
            topLevelDomains: TopLevelDomains(text: "# t\nCOM\n"))
        let long = String(repeating: "x", count: 24)
        let text = "CUSTOMER_ID_,CITY_,NOTE\n1,\(long)yz,ok\n2,\(long)e\u{301},\(long)👩‍👩‍👧\n3,short,\(long)ä\n\(long)yz,a,b\n"
        let reader = try DelimitedReader(source: MemorySource(Array(text.utf8)), format: try DelimitedFormat())
        let checked = checker.check(try #require(try reader.next()))
        #expect(checked.rejects.map(\.reason) == [.tooLong])
        #expect(checked.rejects.map(\.line) == [5])
        #expect(checked.cut == ["CITY_": 2, "NOTE": 1])
        #expect((0..<3).map { String(decoding: checked.batch.columns[1][$0], as: UTF8.self) } == [long + "y", long, "short"])
        #expect((0..<3).map { String(decoding: checked.batch.columns[2][$0], as: UTF8.self) } == ["ok", long, long + "ä"])
    }
}

@Suite struct DateFormatTests {
    @Test(
        "IMP-9: dates in a format that the job spells out",
        arguments: [
            ("DD.MM.YYYY HH24:MI", "31.12.1999 23:59", "1999-12-31 23:59:00"), ("DD.MM.YYYY HH24:MI", "1.2.2024", "2024-02-01 00:00:00"),
            ("YYYY-MM-DDTHH24:MI:SSZ", "2024-02-29T01:02:03Z", "2024-02-29 01:02:03"), ("YYYYMMDD", "20240229", "2024-02-29 00:00:00"),
            ("DD MON RR", "05 Mar 49", "2049-03-05 00:00:00"), ("MM/DD/YYYY HH:MI AM", "2/9/2024 12:05 am", "2024-02-09 00:05:00"),
            ("DD.MM.YYYY", "2024-01-01", "TIMESTAMP_INVALID"), ("DD.MM.YYYY", "30.02.2024", "TIMESTAMP_INVALID"),
        ])
    func spelledOut(format: String, value: String, expected: String) throws {
        let output = ByteBuffer(capacity: 64)
        let rule = TimestampRule(try DateFormat(format))
        let reason = Array(value.utf8).withUnsafeBytes { rule.check($0, into: output) }
        #expect(reason?.rawValue ?? String(decoding: output.bytes, as: UTF8.self) == expected)
    }

    @Test(
        "IMP-9: a date format that is none says why",
        arguments: ["YYYY-MM", "", "Standard", "DD.MM.YYYY HH:MI", "DD.MM.YYYY YYYY", "DD/MM/yyyy", "DD.MM.YYYY 12"])
    func wrong(format: String) {
        #expect(throws: ConnectError.self) { _ = try DateFormat(format) }
    }
}
