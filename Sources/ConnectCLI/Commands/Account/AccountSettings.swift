import ArgumentParser
import ConnectHost
import ConnectModel

struct AccountMail: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail", abstract: "The mail account that notifications are sent with.",
        subcommands: [Show.self, Set.self, Test.self, Remove.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show the mail account; never its password.", discussion: "Example: connecthost account mail show")
        @OptionGroup var host: HostOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let account = try host.open().mailAccount()
            try Output(output).show(["mail": account], text: account.map(AccountMail.text) ?? "No mail account is set.")
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Set the mail account; what is not given stays.",
            discussion: """
                Settings: host, port, security (starttls, tls, none), user, from, ca_file. The secret is password.

                Example: connecthost account mail set --set host=smtp.example.com --set user=connect --set from=connect@example.com --secret password
                """)
        @OptionGroup var values: SettingOptions
        @OptionGroup var host: HostOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let account = try host.open().setMailAccount(
                try values.settings(), secrets: values.secrets.values(), references: values.secrets.references())
            try Output(output).show(
                ["mail": account], text: AccountMail.text(account) + "\nTry it with `connecthost account mail test --to ADDRESS`.")
        }
    }

    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Send a mail now.", discussion: "Example: connecthost account mail test --to ann@example.com")
        @Option(name: .long, help: "The address that gets it.") var to: String
        @OptionGroup var host: HostOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let answer = try host.open().testMail(to: to)
            try Output(output).show(["to": to, "answer": answer], text: "The mail server has taken it: \(answer)")
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove the mail account and its password.", discussion: "Example: connecthost account mail remove")
        @OptionGroup var host: HostOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            try host.open().removeSetting("mail")
            try Output(output).show(["removed": "mail"], text: "The mail account was removed.")
        }
    }

    fileprivate static func text(_ account: MailAccount) -> String {
        var lines = ["host      \(account.host):\(account.port)", "security  \(account.security.rawValue)", "from      \(account.from)"]
        if let user = account.user { lines.append("user      \(user)") }
        if let password = account.password { lines.append("password  \(password.description)") }
        if let caFile = account.caFile { lines.append("ca_file   \(caFile)") }
        return lines.joined(separator: "\n")
    }
}

struct AccountCampaigns: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaigns", abstract: "The endpoint that launches campaigns.", subcommands: [Show.self, Set.self, Remove.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show the endpoint; never its secret.", discussion: "Example: connecthost account campaigns show")
        @OptionGroup var host: HostOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let endpoint = try host.open().campaignEndpoint()
            try Output(output).show(["campaigns": endpoint], text: endpoint.map(AccountCampaigns.text) ?? "No campaign endpoint is set.")
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Set the endpoint; what is not given stays.",
            discussion: """
                Settings: profile (rest: log-in by user and password, then campaigns/NAME/schedule; plain: one POST to url, in which {campaign} is the
                name), url, user, timeout_seconds, unsure (retry: a launch nobody knows the end of is repeated; hold: it waits for a person).
                The secret is called secret.

                Example: connecthost account campaigns set --set url=https://login.example.net --set user=api --secret secret
                """)
        @OptionGroup var values: SettingOptions
        @OptionGroup var host: HostOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let endpoint = try host.open().setCampaignEndpoint(
                try values.settings(), secrets: values.secrets.values(), references: values.secrets.references())
            try Output(output).show(["campaigns": endpoint], text: AccountCampaigns.text(endpoint))
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove the endpoint and its secret.", discussion: "Example: connecthost account campaigns remove")
        @OptionGroup var host: HostOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            try host.open().removeSetting("campaigns")
            try Output(output).show(["removed": "campaigns"], text: "The campaign endpoint was removed.")
        }
    }

    fileprivate static func text(_ endpoint: CampaignEndpoint) -> String {
        var lines = ["profile          \(endpoint.profile.rawValue)", "url              \(endpoint.url)"]
        if let user = endpoint.user { lines.append("user             \(user)") }
        if let secret = endpoint.secret { lines.append("secret           \(secret.description)") }
        lines += ["timeout_seconds  \(endpoint.timeoutSeconds)", "unsure           \(endpoint.unsure.rawValue)"]
        return lines.joined(separator: "\n")
    }
}

struct AccountNetwork: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "Where events, launches, mails and files may go.", subcommands: [Show.self, Set.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show which addresses are allowed.", discussion: "Example: connecthost account network show")
        @OptionGroup var host: HostOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let allowance = try host.open().networkAllowance()
            try Output(output).show(["network": allowance], text: AccountNetwork.text(allowance))
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Set which addresses are allowed; a setting that is not given stays.",
            discussion: """
                Settings: allow (ranges that events and launches may go to beside public addresses; empty: none), mail_servers and file_servers
                (where the mail server and the servers of connectors may be: anywhere, or public and ranges; empty: anywhere), ca_file (PEM file of
                authorities in place of the system's). Words and ranges are separated by commas and replace those before.

                Example: connecthost account network set --set allow=10.20.0.0/16,fd00:20::/32
                Example: connecthost account network set --set mail_servers=10.20.0.25 --set file_servers=public,10.30.0.0/16
                """)
        @OptionGroup var values: SettingOptions
        @OptionGroup var host: HostOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let allowance = try host.open().setNetworkAllowance(try values.settings())
            try Output(output).show(["network": allowance], text: AccountNetwork.text(allowance))
        }
    }

    fileprivate static func text(_ allowance: NetworkAllowance) -> String {
        let ranges = allowance.allow.isEmpty ? "public addresses only" : "public addresses and \(allowance.allow.joined(separator: ", "))"
        let lines = [
            "allow         \(ranges)", "mail_servers  \(allowance.mailServers.joined(separator: ", "))",
            "file_servers  \(allowance.fileServers.joined(separator: ", "))",
        ]
        return (lines + (allowance.caFile.map { ["ca_file       \($0)"] } ?? [])).joined(separator: "\n")
    }
}
