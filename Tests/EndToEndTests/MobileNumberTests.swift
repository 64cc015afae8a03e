import ConnectTesting
import Foundation
import Testing

/// Mobile numbers as a job says, through the program (IMP-9, domain facts §2.6).
@Suite(.waits) struct MobileNumberTests {
    private static let file = """
        CUSTOMER_ID_,MOBILE_NUMBER_,MOBILE_COUNTRY_
        C1,+49 151 23456789,
        C2,+49 30 123456,
        C3,0151 23456789,DE
        C4,011 15-2345-6789,AR
        C5,0151 23456789,

        """

    @Test("IMP-9: the fast rules are the default; a job that says strict loads only numbers that are given out for mobile phones")
    func strict() throws {
        let installation = try Installation()
        try installation.apply(
            """
            lists: [{ name: FAST }, { name: STRICT }]
            jobs:
              - { name: fast, kind: import-list, file: { name: numbers.csv }, target: { list: FAST, match: [CUSTOMER_ID_], mobile_format: local } }
              - { name: strict, kind: import-list, file: { name: numbers.csv }, target: { list: STRICT, match: [CUSTOMER_ID_], mobile_format: local, mobile_check: strict } }
            """)
        try installation.put("numbers.csv", Self.file)
        let fast = try installation.json("jobs", "run", "fast")
        #expect(fast["records"]["inserted"].int == 3)
        #expect(fast["rejects"]["by_reason"]["MOBILE_INVALID"].int == 1)
        #expect(fast["rejects"]["by_reason"]["MOBILE_COUNTRY_INVALID"].int == 1)
        try installation.put("numbers.csv", Self.file)
        let strict = try installation.json("jobs", "run", "strict")
        #expect(strict["status"].string == "succeeded", "\(strict["error"]["message"].string ?? "")")
        #expect(strict["rejects"]["by_reason"]["MOBILE_UNASSIGNED"].int == 1)
        #expect(strict["rejects"]["by_reason"]["MOBILE_COUNTRY_INVALID"].int == 1)
        #expect(
            try installation.rows("STRICT", "CUSTOMER_ID_,MOBILE_NUMBER_") == [
                #"{"CUSTOMER_ID_":"C1","MOBILE_NUMBER_":"4915123456789"}"#, #"{"CUSTOMER_ID_":"C3","MOBILE_NUMBER_":"4915123456789"}"#,
                #"{"CUSTOMER_ID_":"C4","MOBILE_NUMBER_":"5491123456789"}"#,
            ])
        let rejects = try installation.expectSuccess("runs", "rejects", try #require(strict["run"].string))
        #expect(rejects.contains(#"3,"MOBILE_UNASSIGNED","MOBILE_NUMBER_","No country gives out mobile numbers like this one."#))
    }

    @Test("IMP-9: any text as a number and a strict check do not go together, whoever says so")
    func contradiction() throws {
        let installation = try Installation()
        try installation.apply("lists: [{ name: CONTACTS }]")
        func job(_ target: String) -> String {
            "jobs: [{ name: numbers, kind: import-list, file: { name: numbers.csv }, target: { list: CONTACTS, match: [CUSTOMER_ID_], \(target) } }]"
        }
        let refused = try installation.run("validate", "-", input: job("mobile_format: none, mobile_check: strict"))
        #expect(refused.status == 3 && refused.output.contains("the strict check needs e164 or local"), "\(refused.output)")
        try installation.expectSuccess("account", "imports", "set", "--set", "mobile_format=none")
        try installation.apply(job("mobile_check: strict"))
        try installation.put("numbers.csv", Self.file)
        #expect(try installation.json("jobs", "run", "numbers")["error"]["code"].string == "mobile.format")
    }

    @Test("IMP-9: the program is not linked with libphonenumber, so that only runs that use it pay for it")
    func linkage() throws {
        let linked = try ChildRun("readelf", ["--dynamic", "--wide", Installation.program]).wait()
        #expect(linked.status == 0 && linked.output.contains("(NEEDED)"), "\(linked.errors)")
        for library in ["PhoneNumbers", "phonenumber", "protobuf"] { #expect(!linked.output.contains(library)) }
    }
}
