internal import ConnectorKit
internal import Glibc

/// Arguments, environment and files of one `ssh` child.
///
/// Nothing of the account's own configuration is read and no agent is asked: what is in the endpoint decides. Secrets travel by
/// files and named pipes in a private directory, never by an argument or the environment.
struct OpenSSHCommand {
    let program: String
    let arguments: [String]
    let environment: [String]
    /// Holds key and known hosts until the log-in is done.
    let files: PrivateDirectory
    /// Holds the password or passphrase until then.
    let secret: FileDescriptor?

    /// The name the pins are stored under; host and port need no further spelling that way.
    static let hostKeyAlias = "connecthost-pinned"

    init(_ endpoint: SSHEndpoint, _ request: SSHRequest, _ sharing: OpenSSHSharing = .none) throws(ConnectorError) {
        guard let program = ChildProcess.find("ssh") else {
            throw ConnectorError(.configuration, "The program ssh was not found. Install OpenSSH's client (package openssh-client).")
        }
        self.program = program
        if case .through = sharing {
            files = try PrivateDirectory(forScripts: false)
            secret = nil
            environment = Self.environment(askpass: nil)
            arguments = Self.firstWords(endpoint, sharing.options) + Self.words(request, endpoint.host)
            return
        }
        let login = try Login(endpoint.credential)
        files = try PrivateDirectory(forScripts: login.secret != nil)
        let knownHosts = try files.write("known_hosts", Array(endpoint.hostKeys.map { Self.hostKeyAlias + " " + $0.pin + "\n" }.joined().utf8))
        let identity: String? = if let key = login.key { try files.write("identity", key) } else { nil }
        if let secret = login.secret {
            self.secret = try files.writePipe(Login.secretName, Array(secret.utf8))
            _ = try files.write("askpass", Array(Login.askpass(files.path).utf8), mode: 0o700)
        } else {
            self.secret = nil
        }
        environment = Self.environment(askpass: login.secret == nil ? nil : files.path + "/askpass")
        let certificate: [String] =
            if let path = endpoint.certificateFile {
                try ["CertificateFile=" + files.write("certificate.pub", Array(CertificateText(file: path).line.utf8))]
            } else {
                []
            }
        let jump: [String] =
            if let jump = endpoint.jump { try ["ProxyCommand=" + OpenSSHJump(jump, to: endpoint, program, files).command] } else { [] }
        let options = Self.options(endpoint, knownHosts: knownHosts) + certificate + login.options(identity: identity) + jump
        let words = if case .master = sharing { ["-N", "--", endpoint.host] } else { Self.words(request, endpoint.host) }
        // Of an option that is given twice, ssh heeds the first.
        arguments = Self.firstWords(endpoint, sharing.options + options) + words
    }

    static func firstWords(_ endpoint: SSHEndpoint, _ options: [String]) -> [String] {
        // A percent sign, as in front of an address's zone, begins something else for ssh.
        let place = endpoint.fixedAddress.map { ["HostName=" + $0.replacing("%", with: "%%")] } ?? []
        return ["-v", "-F", "/dev/null", "-T", "-x", "-a", "-p", String(endpoint.port), "-l", endpoint.username]
            + (place + options).flatMap { ["-o", $0] }
    }

    private static func words(_ request: SSHRequest, _ host: String) -> [String] {
        switch request {
        case .subsystem(let name): ["-s", "--", host, name]
        case .command(let line): ["--", host, line]
        }
    }

    static func options(_ endpoint: SSHEndpoint, knownHosts: String) -> [String] {
        [
            "UserKnownHostsFile=" + knownHosts, "GlobalKnownHostsFile=/dev/null", "HostKeyAlias=" + hostKeyAlias, "StrictHostKeyChecking=yes",
            "CheckHostIP=no", "VerifyHostKeyDNS=no", "UpdateHostKeys=no",
            "HostbasedAuthentication=no", "GSSAPIAuthentication=no", "NumberOfPasswordPrompts=1",
            "ControlMaster=no", "ControlPath=none", "ClearAllForwardings=yes", "PermitLocalCommand=no", "EscapeChar=none", "Compression=no",
            "ConnectTimeout=\(endpoint.connectTimeoutSeconds)", "ConnectionAttempts=1",
            "ServerAliveInterval=\(endpoint.keepaliveSeconds)", "ServerAliveCountMax=3",
        ] + endpoint.algorithms.openSSHOptions(provenBy: endpoint.hostKeys)
    }

    static func environment(askpass: String?) -> [String] {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        var environment = ["PATH=" + path, "LC_ALL=C"]
        if let askpass {
            // DISPLAY is for versions before 8.4, which do not know the second variable.
            environment += ["SSH_ASKPASS=" + askpass, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=none:0"]
        }
        return environment
    }
}

/// What the child needs for one credential.
struct Login {
    var key: [UInt8]?
    var secret: String?
    /// The socket of an agent that has the key.
    var agent: String?

    static let secretName = "secret"

    init(_ credential: SSHEndpoint.Credential) throws(ConnectorError) {
        switch try credential.checked() {
        case .password(let password): secret = password
        case .key(let text, let passphrase): (key, secret) = (text.bytes, passphrase)
        case .agent(let path): agent = path
        }
    }

    func options(identity: String?) -> [String] {
        let keyOnly = [
            "PreferredAuthentications=publickey", "PubkeyAuthentication=yes", "PasswordAuthentication=no", "KbdInteractiveAuthentication=no",
        ]
        if let agent { return keyOnly + ["IdentityAgent=" + agent, "IdentitiesOnly=no", "IdentityFile=none", "BatchMode=yes"] }
        if let identity {
            return keyOnly + [
                "IdentityAgent=none", "IdentitiesOnly=yes", "IdentityFile=" + identity, "BatchMode=" + (secret == nil ? "yes" : "no"),
            ]
        }
        return [
            "PreferredAuthentications=password,keyboard-interactive", "PubkeyAuthentication=no", "PasswordAuthentication=yes",
            "KbdInteractiveAuthentication=yes", "IdentityAgent=none", "IdentityFile=none", "BatchMode=no",
        ]
    }

    /// `ssh` runs this with its question as the argument. The pipe is read once: a second question gets no answer instead of a wait.
    static func askpass(_ directory: String) -> String {
        """
        #!/bin/sh
        case "$1" in
        "Enter passphrase for"* | *assword*) ;;
        *) exit 1 ;;
        esac
        [ -p '\(directory)/\(secretName)' ] || exit 1
        IFS= read -r secret < '\(directory)/\(secretName)'
        rm -f '\(directory)/\(secretName)'
        printf '%s\\n' "$secret"

        """
    }
}
