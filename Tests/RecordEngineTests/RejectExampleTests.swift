import ConnectModel
import RecordEngine
import Testing

@Suite struct RejectExampleTests {
    @Test("IMP-15: there is one example for every reason to reject a record")
    func complete() { #expect(RejectExample.all.map(\.reason.rawValue).sorted() == RejectReason.allCases.map(\.rawValue).sorted()) }

    @Test("IMP-15: the example of each reason is rejected for that reason", arguments: RejectReason.allCases)
    func rejected(reason: RejectReason) throws {
        let example = try #require(RejectExample.all.first { $0.reason == reason })
        guard !example.isFoundByStore else { return }
        let header = Array((example.columns.map(\.name).joined(separator: ",") + "\n").utf8)
        let format = try DelimitedFormat(delimiter: ",", enclosure: .double, hasHeader: true, maximumRecordBytes: 1024)
        let reader = try DelimitedReader(source: MemorySource(header + example.record), charset: .utf8, format: format)
        let key = example.columns[0].name
        let policy = MergePolicy(
            match: [key], onNoMatch: key == "EMAIL_ADDRESS_" ? .insert : .skip, rejectIfEmpty: reason == .emptyChannel ? [.mobile] : [])
        let mapped = example.columns.enumerated().map { MappedColumn(sourceIndex: $0, sourceName: $1.name, field: $1, reason: "same name") }
        let rules = CheckRules(mobileFormat: reason == .badMobileCountry ? .local : .e164)
        let checker = RecordChecker(
            mapped: mapped, policy: policy, rules: rules, topLevelDomains: TopLevelDomains(text: "# test\nCOM\n"),
            phoneNumbers: reason == .unassignedMobile ? try PhoneNumberLibrary(path: PhoneNumberLibrary.built) : nil)
        var rejects: [RecordReject] = []
        while let batch = try reader.next() { rejects += checker.check(batch).rejects }
        #expect(rejects.map(\.reason) == [reason])
        #expect(rejects.map(\.line) == [2])
    }
}
