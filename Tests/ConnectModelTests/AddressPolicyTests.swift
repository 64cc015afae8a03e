import ConnectModel
import ConnectTesting
import Foundation
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
        #expect(AddressPolicy(.fileServers, [.anywhere]).permits(address))
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
        let ranges = ["127.0.0.0/8", "10.1.0.0/16", "fd00::/8", "192.168.7.7"].compactMap(AddressRange.init)
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
    func badRanges(_ text: String) { #expect(AddressRange(text) == nil) }

    /// What the system makes of a host that somebody has written, which is what every connection goes by.
    private func addresses(of host: String) -> [NetworkAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "21", &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [NetworkAddress] = []
        var entry = list
        while let current = entry?.pointee {
            let (offset, count) = current.ai_family == AF_INET ? (4, 4) : (8, 16)
            if let raw = current.ai_addr.map({ UnsafeRawPointer($0) }) {
                found.append(NetworkAddress(bytes: (0..<count).map { raw.load(fromByteOffset: offset + $0, as: UInt8.self) }))
            }
            entry = current.ai_next
        }
        return found
    }

    @Test(
        "OPS-3, T25: however a private address is written, what the system reads in it is refused to calls, mails and files alike, until it is allowed"
    )
    func spellings() throws {
        let policies = [
            AddressPolicy(allowing: []), AddressPolicy(.mailServers, [.publicAddresses]), AddressPolicy(.fileServers, [.publicAddresses]),
            AddressPolicy(.fileServers, []),
        ]
        var read = 0
        for host in PrivateAddress.hosts {
            let found = addresses(of: host)
            read += found.isEmpty ? 0 : 1
            for address in found {
                #expect(policies.allSatisfy { !$0.permits(address) }, "\(host) is \(address)")
                let allowed = try #require(AddressPolicy.Rule(address.description))
                #expect(AddressPolicy(.fileServers, [allowed]).permits(address), "\(host) is \(address)")
            }
        }
        // A name with a dot at its end is one that not every machine knows; the rest is figures.
        #expect(read >= 60 && read >= PrivateAddress.hosts.count - 2, "only \(read) of \(PrivateAddress.hosts.count) were read")
    }

    @Test("OPS-3: a policy of ranges alone refuses the rest of the internet too, and public lets it in again")
    func ranges() throws {
        let network = try #require(AddressPolicy.Rule("10.20.0.0/16"))
        let (closed, open) = (AddressPolicy(.fileServers, [network]), AddressPolicy(.fileServers, [.publicAddresses, network]))
        for (text, inClosed, inOpen) in [("10.20.3.4", true, true), ("8.8.8.8", false, true), ("10.21.0.1", false, false), ("::1", false, false)] {
            let address = try #require(NetworkAddress(text))
            #expect(closed.permits(address) == inClosed && open.permits(address) == inOpen, "\(text)")
        }
        #expect(closed.isRestricted && open.isRestricted && !AddressPolicy(.fileServers, [.anywhere]).isRestricted)
    }

    @Test("OPS-3: a refusal says what to set, with what is set already")
    func refusal() throws {
        let (inside, outside) = (try #require(NetworkAddress("10.0.0.1")), try #require(NetworkAddress("8.8.8.8")))
        let network = try #require(AddressRange("fd00::/8"))
        let calls = AddressPolicy(allowing: [network]).refusal(of: [inside], peer: "The hook")
        #expect(calls.message == "The hook has the address 10.0.0.1, which is private or of this machine.")
        #expect(calls.remedy?.hasSuffix("account network set --set allow=fd00::/8,10.0.0.1") == true)
        let files = AddressPolicy(.fileServers, [.publicAddresses]).refusal(of: [inside], peer: "a:21")
        #expect(files.category == .configuration && files.remedy?.hasSuffix("--set file_servers=public,10.0.0.1") == true)
        let mail = AddressPolicy(.mailServers, [.range(network)]).refusal(of: [outside], peer: "a:25")
        #expect(mail.message.contains("which is not among those allowed") && mail.remedy?.hasSuffix("--set mail_servers=fd00::/8,8.8.8.8") == true)
        let both = AddressPolicy(.fileServers, [.publicAddresses]).refusal(of: [inside, try #require(NetworkAddress("::1"))], peer: "a:21")
        #expect(both.message == "a:21 has the addresses 10.0.0.1 and ::1, which are private or of this machine.")
        #expect(both.remedy?.hasSuffix("--set file_servers=public,10.0.0.1,::1") == true)
    }

    @Test("OPS-3: a worker is told the policy as it is, and takes no word that it does not know")
    func carried() throws {
        let policy = AddressPolicy(.fileServers, [.publicAddresses, try #require(AddressPolicy.Rule("10.0.0.0/8"))])
        let bytes = try JSONEncoder().encode(policy)
        #expect(try JSONDecoder().decode(AddressPolicy.self, from: bytes) == policy)
        let spoilt = String(decoding: bytes, as: UTF8.self).replacing("public", with: "publik")
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(AddressPolicy.self, from: Data(spoilt.utf8)) }
    }

    @Test("OPS-3: settings that were saved before mail and file servers had a policy let them be anywhere, as then")
    func olderSettings() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let old = try decoder.decode(NetworkAllowance.self, from: Data(#"{"allow":["10.0.0.0/8"],"ca_file":"/a.pem"}"#.utf8))
        #expect(old == NetworkAllowance(allow: ["10.0.0.0/8"], caFile: "/a.pem"))
        #expect(!old.files.isRestricted && !old.mail.isRestricted && old.calls.isRestricted)
        let new = try decoder.decode(NetworkAllowance.self, from: Data(#"{"allow":[],"file_servers":["public"],"mail_servers":["::1"]}"#.utf8))
        #expect(new.files == AddressPolicy(.fileServers, [.publicAddresses]) && new.problems().isEmpty)
        let wrong = NetworkAllowance(allow: ["localhost"], mailServers: [], fileServers: ["anywhere", "public"])
        #expect(wrong.problems().map(\.path) == ["allow", "mail_servers", "file_servers"])
        #expect(NetworkAllowance(fileServers: ["publik"]).files == AddressPolicy(.fileServers, []), "what cannot be read lets nothing through")
    }
}
