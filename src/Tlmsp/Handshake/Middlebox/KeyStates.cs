namespace Tlmsp;

/// <summary>Client side: ClientKeyExchange, after an optional Certificate where the server asked for one.</summary>
internal sealed class RelayClientKeyExchange(TlmspMiddleboxHandshake handshake) : HandshakeState
{
    private bool _certificateSeen;

    public override bool IsInsideFlight => _certificateSeen;

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        if (!handshake.FlightSent)
        {
            throw Unexpected(message.Type.ToString());
        }

        if (message.Type == HandshakeType.Certificate && handshake.ClientCertificateRequested && !_certificateSeen)
        {
            _certificateSeen = true;
            OnCertificate(message);
            handshake.Forward(message, fromClient: true);
            return this;
        }

        Require(message, HandshakeType.ClientKeyExchange);
        byte[] point = ClientKeyExchange.Read(message);
        handshake.Transcript.AddClientKeyExchange(message.Raw);
        handshake.DeriveSecrets(point);
        handshake.Forward(message, fromClient: true);
        return new RelayKeyMaterial(handshake, fromClient: true, 0) { AllowCertificateVerify = !handshake.ClientLeaf.IsEmpty };
    }

    /// <summary>The leaf enters the id list; an empty list enters nothing (records-keys.md §7.2). The chain is for the server to judge.</summary>
    private void OnCertificate(HandshakeMessage message)
    {
        handshake.Transcript.AddClientKeyExchange(message.Raw);
        if (!CertificateMessage.IsEmptyList(message))
        {
            handshake.ClientLeaf = CertificateMessage.Read(message, handshake.Options.Limits)[0];
        }
    }
}

/// <summary>
/// KeyMaterial and KeyConfirmation of every middlebox in list order, then KeyMaterial for the far endpoint (records-keys.md §8.2).
/// What is for this middlebox goes on as its confirmation; boxes already passed have done the same.
/// </summary>
internal sealed class RelayKeyMaterial(TlmspMiddleboxHandshake handshake, bool fromClient, int index) : HandshakeState
{
    public bool AllowCertificateVerify { get; init; }

    /// <summary>The client's begins with ClientKeyExchange, the server's with the first KeyMaterial.</summary>
    public override bool IsInsideFlight => fromClient || index > 0;

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        if (AllowCertificateVerify && index == 0 && message.Type == HandshakeType.CertificateVerify)
        {
            handshake.Forward(message, fromClient);
            return new RelayKeyMaterial(handshake, fromClient, 0);
        }

        bool isLast = index == handshake.Peers.Count;
        bool confirmed = !isLast && (fromClient ? index < handshake.Index : index > handshake.Index);
        Require(message, confirmed ? HandshakeType.MiddleboxKeyConfirmation : HandshakeType.MiddleboxKeyMaterial);
        byte farEndpoint = fromClient ? TlmspDialect.Server : TlmspDialect.Client;
        byte due = isLast ? farEndpoint : handshake.Peers[index].Id;
        byte id = KeyMaterial.ReadId(message);
        if (id != due)
        {
            throw new TlmspException(
                confirmed ? Misbehaviour.KeyConfirmationOrder : Misbehaviour.WrongMiddleboxId, $"{message.Type} for {id:x2} where {due:x2} is due");
        }

        if (index == handshake.Index)
        {
            Confirm(message);
        }
        else
        {
            handshake.Forward(message, fromClient);
        }

        if (!isLast)
        {
            return new RelayKeyMaterial(handshake, fromClient, index + 1);
        }

        handshake.Transcript.AddKeyMaterial(message.Raw, fromClient);
        return new RelayChangeCipherSpec(handshake, fromClient);
    }

    private void Confirm(HandshakeMessage message)
    {
        if (handshake.ClientSecret is not { } client || (!fromClient && handshake.ClientContributions is null))
        {
            throw Unexpected(message.Type.ToString());
        }

        PairSecret server = handshake.ServerSecret!;
        byte author = fromClient ? TlmspDialect.Client : TlmspDialect.Server;
        ContributionTable table = KeyMaterial.Open(message, author, handshake.Path, fromClient ? client.AToB : server.AToB);
        if (fromClient)
        {
            handshake.ClientContributions = table;
        }
        else
        {
            handshake.ServerContributions = table;
        }

        CheckGrant(table, author);
        byte[] confirmation = KeyMaterial.Seal(
            HandshakeType.MiddleboxKeyConfirmation, handshake.Self, handshake.Path, table,
            context => handshake.Path.AccessOf(handshake.Self, context),
            fromClient ? server.BToA : client.BToA, fromClient ? handshake.ServerNonces : handshake.ClientNonces);
        handshake.Send(confirmation, toServer: fromClient);
    }

    /// <summary>Exactly what the list promises: neither end may give this middlebox less, or more behind the other's back.</summary>
    private void CheckGrant(ContributionTable table, byte author)
    {
        for (int slot = 0; slot < table.Slots; slot++)
        {
            byte contextId = handshake.Path.ContextAt(slot);
            TlmspAccess access = handshake.Path.AccessOf(handshake.Self, contextId);
            if (!table.HasEntry(slot) || table.HasReader(slot) != access >= TlmspAccess.Read || table.HasWriter(slot) != access >= TlmspAccess.Write)
            {
                bool excess = (table.HasReader(slot) && access < TlmspAccess.Read) || (table.HasWriter(slot) && access < TlmspAccess.Write);
                throw new TlmspException(
                    excess ? Misbehaviour.ExcessContribution : Misbehaviour.MissingContribution, $"context {contextId} of entity {author:x2}");
            }
        }
    }
}
