import ConnectModel
import Testing

/// What the field says of lists, app channel lists, types and names, fact by fact (domain facts §2 and §5.3).
@Suite struct DomainFactTests {
    @Test("domain §2.1: a profile list has these fields, of these types, in this order")
    func listFields() {
        let expected = """
            RIID_ INTEGER, CREATED_SOURCE_IP_ STR255, CUSTOMER_ID_ STR255, EMAIL_ADDRESS_ STR500, EMAIL_DOMAIN_ STR255, EMAIL_ISP_ STR255, EMAIL_FORMAT_ CHAR, \
            EMAIL_PERMISSION_STATUS_ CHAR, EMAIL_DELIVERABILITY_STATUS_ CHAR, EMAIL_PERMISSION_REASON_ STR255, EMAIL_MD5_HASH_ STR50, EMAIL_SHA256_HASH_ STR100, \
            MOBILE_NUMBER_ STR50, MOBILE_COUNTRY_ STR25, MOBILE_PERMISSION_STATUS_ CHAR, MOBILE_DELIVERABILITY_STATUS_ CHAR, MOBILE_PERMISSION_REASON_ STR255, \
            POSTAL_STREET_1_ STR255, POSTAL_STREET_2_ STR255, CITY_ STR50, STATE_ STR50, POSTAL_CODE_ STR25, COUNTRY_ STR50, POSTAL_PERMISSION_STATUS_ CHAR, \
            POSTAL_DELIVERABILITY_STATUS_ CHAR, POSTAL_PERMISSION_REASON_ STR255, CREATED_DATE_ TIMESTAMP, MODIFIED_DATE_ TIMESTAMP
            """
        #expect(ProfileList.systemFields.map { "\($0.name) \($0.type.rawValue)" }.joined(separator: ", ") == expected)
    }

    @Test("domain §2.1: what clients cannot write: ids, hashes, reasons, source, domain, provider, deliverability and dates")
    func hostFields() {
        let expected = ProfileList.systemFields.map(\.name).filter { name in
            name == "RIID_"
                || ["_HASH_", "_PERMISSION_REASON_", "_DELIVERABILITY_STATUS_", "_SOURCE_IP_", "_DOMAIN_", "_ISP_", "_DATE_"].contains(
                    where: name.hasSuffix)
        }
        #expect(ProfileList.derivedFields == Set(expected))
        #expect(expected.count == 14)
    }

    @Test("domain §2.2: an App Channel list has fields of its own and no others, and is matched by one of its ids or by the device with its key")
    func appFields() {
        #expect(!TableKind.app.mayHaveCustomFields && TableKind.appPet.mayHaveCustomFields)
        #expect(TableKind.app.ownerKind == .list && TableKind.appPet.ownerKind == .app)
        let types = Dictionary(uniqueKeysWithValues: AppChannelList.systemFields.map { ($0.name, $0.type) })
        for (name, type) in [
            ("ADMIN_AREA1_", FieldType.str50), ("ADMIN_AREA2_", .str50), ("ADVERTISER_ID_", .str255), ("APP_ID_", .str100), ("RIID_", .integer),
            ("CHANNEL_PERMISSION_STATUS_", .char), ("PUSH_PERM_AUTH_STATUS_", .char),
        ] { #expect(types[name] == type, "\(name)") }
        #expect(Set(AppChannelList.matchableFields) == ["RIID_", "ADVERTISER_ID_", "EXTERNAL_DEVICE_TRACKING_ID_", "DEVICE_ID_", "API_KEY_"])
        func violation(_ match: [String]) -> Bool { MatchRule.violation(of: MergePolicy(match: match, onNoMatch: .skip), for: .app) != nil }
        for match in [["RIID_"], ["ADVERTISER_ID_"], ["EXTERNAL_DEVICE_TRACKING_ID_"], ["DEVICE_ID_", "API_KEY_"]] {
            #expect(!violation(match), "\(match)")
        }
        for match in [["DEVICE_ID_"], ["API_KEY_"], ["RIID_", "API_KEY_"], ["ADVERTISER_ID_", "DEVICE_ID_"]] { #expect(violation(match), "\(match)") }
    }

    @Test("domain §2.3: the types of fields and how much they hold")
    func types() {
        #expect(
            FieldType.allCases.map(\.rawValue) == [
                "STR25", "STR50", "STR100", "STR255", "STR500", "STR4000", "CHAR", "INTEGER", "NUMBER", "TIMESTAMP",
            ])
        #expect(FieldType.allCases.map(\.maximumLength) == [25, 50, 100, 255, 500, 4000, 1, nil, nil, nil])
    }

    @Test("domain §2.5: match fields of lists, and which of them go together")
    func matching() {
        #expect(
            ProfileList.matchableFields == ["RIID_", "CUSTOMER_ID_", "EMAIL_ADDRESS_", "MOBILE_NUMBER_", "EMAIL_MD5_HASH_", "EMAIL_SHA256_HASH_"])
        func violation(_ match: [String], _ onNoMatch: MergePolicy.OnNoMatch = .insert) -> Bool {
            MatchRule.violation(of: MergePolicy(match: match, onNoMatch: onNoMatch), for: .list) != nil
        }
        for match in [["EMAIL_ADDRESS_"], ["CUSTOMER_ID_", "EMAIL_ADDRESS_"], ["MOBILE_NUMBER_", "CUSTOMER_ID_"]] {
            #expect(!violation(match), "\(match)")
        }
        for match in [[], ["CITY_"], ["CUSTOMER_ID_", "EMAIL_ADDRESS_", "MOBILE_NUMBER_"], ["EMAIL_MD5_HASH_"], ["RIID_"]] {
            #expect(violation(match), "\(match)")
        }
        // With a hash people can only be updated; two hashes, or a hash and its address, say the same twice.
        #expect(!violation(["EMAIL_SHA256_HASH_"], .skip) && !violation(["EMAIL_MD5_HASH_", "CUSTOMER_ID_"], .skip))
        #expect(violation(["EMAIL_MD5_HASH_", "EMAIL_SHA256_HASH_"], .skip) && violation(["EMAIL_MD5_HASH_", "EMAIL_ADDRESS_"], .skip))
    }

    @Test("domain §5.3: a job's name has at most 100 of letters, digits, blanks and !-=@_[]{}, a group's at most 30")
    func names() {
        #expect(Job.problem(withName: "Aa0 !-=@_[]{}") == nil)
        #expect(Job.problem(withName: String(repeating: "x", count: 100)) == nil)
        for name in ["", "a;b", "a/b", "ä", "a\n", String(repeating: "x", count: 101)] { #expect(Job.problem(withName: name) != nil, "\(name)") }
        #expect(JobGroup.problem(withName: String(repeating: "x", count: 30)) == nil)
        #expect(JobGroup.problem(withName: String(repeating: "x", count: 31)) != nil)
    }
}
