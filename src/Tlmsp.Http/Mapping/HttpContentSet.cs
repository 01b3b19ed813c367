using System.Text;

namespace Tlmsp.Http;

/// <summary>
/// The named content contexts of a profile, and the field with which a head chooses the one that its content travels in
/// (docs/http-mapping.md, Content contexts per endpoint). Index 0 is the profile's own content context, 1 the first name.
/// </summary>
internal sealed class HttpContentSet
{
    /// <summary>The field, as it is written.</summary>
    public const string Field = "Tlmsp-Content";

    /// <summary>Most names of a profile.</summary>
    public const int MaxNames = 16;

    /// <summary>The lowest id of a named context.</summary>
    public const byte FirstId = 16;

    private const int MaxNameLength = 32;

    /// <summary>Both ways, requests, responses: so that an id means the same in every profile with the same names.</summary>
    private const int IdsPerName = 3;

    private static readonly HttpContextUse[] s_roles =
        [HttpContexts.Known(HttpContexts.Body), HttpContexts.Known(HttpContexts.RequestBody), HttpContexts.Known(HttpContexts.ResponseBody)];

    private readonly byte[][] _values;

    private HttpContentSet(string[] names)
    {
        Names = names;
        _values = [.. names.Select(Encoding.ASCII.GetBytes)];
    }

    public static ReadOnlySpan<byte> FieldName => "tlmsp-content"u8;

    public IReadOnlyList<string> Names { get; }

    /// <exception cref="ArgumentException">There is no name, too many, one twice, or one that is none.</exception>
    public static HttpContentSet Create(string[] names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Length is 0 or > MaxNames)
        {
            throw new ArgumentException($"{names.Length} names of content contexts; a profile has 1 to {MaxNames}.");
        }

        foreach (string name in names)
        {
            CheckName(name);
        }

        return names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new ArgumentException($"The content context '{twice.Key}' is named twice.")
            : new HttpContentSet([.. names]);
    }

    /// <exception cref="ArgumentException">It cannot be the name of a content context.</exception>
    public static void CheckName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        bool isName = name.Length is > 0 and <= MaxNameLength && char.IsAsciiLetterLower(name[0])
            && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
        if (!isName)
        {
            throw new ArgumentException(
                $"'{name}' is no name of a content context: write 1 to {MaxNameLength} lower-case letters, digits and hyphens, a letter first.");
        }
    }

    /// <summary>The contexts that the names stand for.</summary>
    /// <param name="byDirection">Whether requests and responses have contexts of their own.</param>
    public IEnumerable<HttpContextUse> Uses(bool byDirection)
    {
        for (int i = 0; i < Names.Count; i++)
        {
            for (int kind = byDirection ? 1 : 0; kind < (byDirection ? IdsPerName : 1); kind++)
            {
                yield return s_roles[kind] with
                {
                    Id = (byte)(FirstId + (IdsPerName * i) + kind), Name = $"{s_roles[kind].Name}:{Names[i]}", ContentName = Names[i],
                };
            }
        }
    }

    /// <summary>True when a role in a purpose is that of a named context.</summary>
    public static bool IsRole(string role) =>
        role.Split(':') is [string kind, { Length: > 0 }] && s_roles.Any(known => known.Name == kind);

    /// <summary>The names in a list of contexts, in the order of their ids.</summary>
    public static string[] NamesIn(IEnumerable<(byte Id, string Role)> listed) =>
        [.. listed.Where(entry => IsRole(entry.Role)).OrderBy(entry => entry.Id).Select(entry => entry.Role.Split(':')[1]).Distinct()];

    /// <summary>The index that a value of the field stands for.</summary>
    /// <exception cref="HttpMappingException">The profile has no such name.</exception>
    public int IndexOf(ReadOnlySpan<byte> value)
    {
        for (int i = 0; i < _values.Length; i++)
        {
            if (value.SequenceEqual(_values[i]))
            {
                return i + 1;
            }
        }

        throw new HttpMappingException($"the field {Field} names a content context that the profile does not have");
    }

    /// <summary>The index that a head chooses.</summary>
    /// <exception cref="HttpMappingException">It chooses twice, or what the profile does not have.</exception>
    public int IndexIn(HttpHead head)
    {
        int index = 0;
        foreach (HttpField field in head.Fields)
        {
            if (string.Equals(field.Name, Field, StringComparison.OrdinalIgnoreCase))
            {
                index = index == 0 ? IndexOf(Encoding.Latin1.GetBytes(field.Value)) : throw Twice();
            }
        }

        return index;
    }

    /// <summary>What a response that has content is held to: the context that its request named.</summary>
    /// <exception cref="HttpMappingException">It is another one.</exception>
    public void CheckResponse(int response, int request)
    {
        if (response != request)
        {
            throw new HttpMappingException(
                $"the content of a response comes in the content context {NameOf(response)}, and its request named {NameOf(request)}");
        }
    }

    public static HttpMappingException Twice() => new($"two {Field} fields");

    public string NameOf(int index) => index == 0 ? "body" : $"'{Names[index - 1]}'";

    /// <summary>As in configuration: <c>pii,media</c>.</summary>
    public override string ToString() => string.Join(',', Names);
}
