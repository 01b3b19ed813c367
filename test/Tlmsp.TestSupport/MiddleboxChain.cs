using Tlmsp.Client;
using Tlmsp.Http;

namespace Tlmsp.TestSupport;

/// <summary>Inspecting middleboxes before a server, nearest to the client first, each with a grant.</summary>
public sealed class MiddleboxChain : IAsyncDisposable
{
    private readonly List<TestMiddlebox> _middleboxes = [];
    private readonly string[] _grants;

    private MiddleboxChain(string[] grants) => _grants = grants;

    /// <summary>A middlebox by its place on the path.</summary>
    public TestMiddlebox this[int index] => _middleboxes[index];

    /// <param name="server">The server, which must allow them.</param>
    /// <param name="grants">The form of <see cref="HttpProfile.ParseGrant"/>.</param>
    public static async Task<MiddleboxChain> StartAsync(TestServer server, params string[] grants)
    {
        var chain = new MiddleboxChain(grants);
        Uri next = server.Address;
        for (int i = 0; i < grants.Length; i++)
        {
            chain._middleboxes.Insert(0, await TestMiddlebox.StartAsync(next));
            next = new Uri(chain[0].Address);
        }

        return chain;
    }

    /// <summary>A client's options for this path, in profile four.</summary>
    public void Configure(TlmspHttpOptions tlmsp) => Configure(tlmsp, HttpProfile.Four);

    /// <summary>A client's options for this path.</summary>
    public void Configure(TlmspHttpOptions tlmsp, HttpProfile profile)
    {
        tlmsp.Profile = profile;
        foreach ((TestMiddlebox middlebox, string grant) in _middleboxes.Zip(_grants))
        {
            tlmsp.Middleboxes.Add(middlebox.Address, profile.ParseGrant(grant));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (TestMiddlebox middlebox in _middleboxes)
        {
            await middlebox.DisposeAsync();
        }
    }
}
