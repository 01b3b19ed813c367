namespace Tlmsp.Tool.Cli;

/// <summary>Colours text for a terminal, or leaves it alone.</summary>
internal readonly record struct Ink(bool IsOn)
{
    public string Red(string text) => Paint(31, text);

    public string Green(string text) => Paint(32, text);

    public string Yellow(string text) => Paint(33, text);

    public string Blue(string text) => Paint(34, text);

    public string Magenta(string text) => Paint(35, text);

    public string Cyan(string text) => Paint(36, text);

    public string Bold(string text) => Paint(1, text);

    public string Dim(string text) => Paint(2, text);

    private string Paint(int code, string text) => IsOn ? $"\e[{code}m{text}\e[0m" : text;
}
