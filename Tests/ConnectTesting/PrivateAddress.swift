/// Addresses that calls must not reach unasked, as somebody would write them who wants to.
public enum PrivateAddress {
    /// Ways to write this machine, private networks, and addresses that are nobody's on the internet; those of version 6 in brackets, as URLs have them.
    public static let spellings = [
        "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1",
        "017700000001",
        "127.0.0.1.", "0x7f.1", "0177.1", "0x7F.0x0.0x0.0x1", "00000177.0.0.1", "127.00.00.01", "017700000002", "2130706434", "127.0.0.2",
        "127.255.255.254", "0.0.0.0", "0", "0.0.0.1", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254",
        "169.254.1.1", "0xa9fea9fe", "2852039166", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]",
        "[::ffff:10.0.0.1]", "[::ffff:a00:1]", "[::ffff:192.168.1.1]", "[::ffff:169.254.169.254]", "[::ffff:0.0.0.0]", "[::ffff:0:127.0.0.1]",
        "[::127.0.0.1]", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]", "[2002:7f00:1::1]", "[2002:c0a8:101::1]", "[2001::1]", "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]", "[100::1]", "[2001:db8::1]",
    ]

    /// The same without brackets, as settings have them.
    public static var hosts: [String] { spellings.map { $0.hasPrefix("[") ? String($0.dropFirst().dropLast()) : $0 } }
}
