import Delivery
import Testing

@Suite struct AddressPolicyTests {
    @Test(
        "OPS-3: addresses of this machine and of private networks are no public ones, however they are wrapped",
        arguments: [
            "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "169.254.169.254", "172.16.0.1",
            "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9",
            "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3",
            "::ffff:169.254.169.254",
            "::127.0.0.1", "::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2002:a00:1::1", "2002:c0a8:101::",
            "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2001:10::1", "fc00::1", "fd12:3456::1", "fe80::1", "febf::1", "fec0::1",
            "ff02::1",
            "4000::1", "8000::1", "5f00::1", "3fff::1",
        ])
    func refuses(_ text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(!AddressPolicy(allowing: []).permits(address))
        #expect(AddressPolicy.everything.permits(address))
    }

    @Test(
        "OPS-3: public addresses are permitted, also wrapped ones",
        arguments: [
            "1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "11.0.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
            "2002:808:808::1",
        ])
    func permits(_ text: String) throws {
        #expect(AddressPolicy(allowing: []).permits(try #require(NetworkAddress(text))))
    }

    @Test("OPS-3: what the administrator allowed is permitted, and nothing beside it")
    func allowances() throws {
        let ranges = ["127.0.0.0/8", "10.1.0.0/16", "fd00::/8", "192.168.7.7"].compactMap(AddressPolicy.Range.init)
        #expect(ranges.count == 4)
        let policy = AddressPolicy(allowing: ranges)
        for text in ["127.0.0.1", "::ffff:127.0.0.1", "10.1.200.3", "fd99::1", "192.168.7.7", "8.8.8.8"] {
            #expect(policy.permits(try #require(NetworkAddress(text))), "\(text)")
        }
        for text in ["10.2.0.1", "192.168.7.8", "fc00::1", "::1", "169.254.169.254"] {
            #expect(!policy.permits(try #require(NetworkAddress(text))), "\(text)")
        }
    }

    @Test(
        "OPS-3: what is no range is refused",
        arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0", "0x7f000001", "2130706433", "localhost", "::/129", "10.0.0.0/8/8"])
    func badRanges(_ text: String) { #expect(AddressPolicy.Range(text) == nil) }
}
